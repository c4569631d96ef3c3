"""LocalStack's Twisted server, listening on the address it is given and on no other.

LocalStack's own server takes the port of `GATEWAY_LISTEN` and binds every interface. This one binds the
interface; or it adopts the socket that whoever started the stack has bound already, so that a port cannot be
lost between choosing and binding it, and an early client waits in the socket's queue and not in a poll loop.
Hypercorn, the other server that LocalStack brings, binds the interface too, at twice the CPU time a request.
"""

import os
import socket

from localstack import config
from localstack.aws.serving.twisted import TLSMultiplexerFactory, stop_thread_pool
from localstack.runtime.server.core import RuntimeServer
from localstack.utils.patch import patch
from rolo.gateway import Gateway
from rolo.serving.twisted import TwistedGateway
from twisted.internet import reactor, ssl
from twisted.internet.interfaces import IProtocolFactory

from emulator.environment import LISTEN_FD
from emulator.host import start_collecting

STOP_GRACE_S = 0.3
"""How long a stop waits for requests that are being served."""

BACKLOG = 512


class LoopbackServer(RuntimeServer):
    """HTTP and HTTPS on one port, as LocalStack serves them, on the given interface only."""

    def register(
        self,
        gateway: Gateway,
        listen: list[config.HostAndPort],
        ssl_creds: tuple[str, str] | None = None,
    ) -> None:
        """Listen on every address of `listen`; raises CannotListenError when one is taken."""
        factory = _factory(gateway, ssl_creds)
        adopted = os.environ.pop(LISTEN_FD, None)
        if adopted is not None:
            _adopt(int(adopted), factory)
            return
        for address in listen:
            reactor.listenTCP(address.port, factory, backlog=BACKLOG, interface=address.host)

    def run(self) -> None:
        """Serve until `shutdown`, in this thread."""
        reactor.suggestThreadPoolSize(config.GATEWAY_WORKER_COUNT)
        patch(reactor.getThreadPool().stop)(stop_thread_pool)
        start_collecting()
        reactor.run(installSignalHandlers=False)

    def shutdown(self) -> None:
        """Stop serving; requests that still run after a short grace are abandoned."""
        reactor.getThreadPool().stop(timeout=STOP_GRACE_S)
        reactor.callFromThread(reactor.stop)


def _factory(gateway: Gateway, ssl_creds: tuple[str, str] | None) -> IProtocolFactory:
    site = TwistedGateway(gateway)
    if ssl_creds is None:
        return site
    certificate, key = ssl_creds
    context = ssl.DefaultOpenSSLContextFactory(key, certificate)
    context.getContext().use_certificate_chain_file(certificate)
    return TLSMultiplexerFactory(context, False, site)


def _adopt(descriptor: int, factory: IProtocolFactory) -> None:
    """Serve on a socket that is bound and listening already; Twisted works on a copy of the descriptor."""
    os.set_blocking(descriptor, False)
    reactor.adoptStreamPort(descriptor, socket.AF_INET, factory)
    os.close(descriptor)
