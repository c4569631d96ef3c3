"""LocalStack's gateway, listening on the address it is given and on no other.

LocalStack's own server takes the port of `GATEWAY_LISTEN` and binds every interface. This one binds the
interface; or it adopts the socket that whoever started the stack has bound already, so that a port cannot be
lost between choosing and binding it, and an early client waits in the socket's queue and not in a poll loop.
"""

import gc
import os
import socket
from collections.abc import Iterable
from functools import partial
from typing import Any

from localstack import config
from localstack.aws.serving.twisted import stop_thread_pool
from localstack.runtime.server.core import RuntimeServer
from rolo.gateway import Gateway
from rolo.gateway.wsgi import WsgiGateway
from twisted.internet import reactor

from wavetank.emulator.runtime.guard import BROWSERS, Guard
from wavetank.emulator.serving.connection import Application
from wavetank.emulator.serving.handed_over import adopt, factory
from wavetank.emulator.serving.listener import Listener
from wavetank.emulator.stack.environment import LISTEN_FD

STOP_GRACE_S = 0.3
"""How long a stop waits for requests that Twisted is serving."""

BACKLOG = 512

YOUNG_OBJECTS = 50_000
"""How many objects are made between two looks for cycles among them: a page of records makes so many, with no cycle."""

LOOK_ONLY = [("Content-Security-Policy", "sandbox"), ("X-Content-Type-Options", "nosniff")]
"""No script, no form, an origin of its own (Content Security Policy 3, 6.3.2), and the type that is told."""


class LoopbackServer(RuntimeServer):
    """HTTP and HTTPS on one port, as LocalStack serves them, on the given interface only."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def register(
        self,
        gateway: Gateway,
        listen: list[config.HostAndPort],
        ssl_creds: tuple[str, str] | None = None,
    ) -> None:
        """Bind every address of `listen`, or adopt the socket bound already; raises OSError when one is taken."""
        guard = Guard.configured(os.environ)
        application = look_only(WsgiGateway(gateway))
        connections = factory(gateway, ssl_creds, application=application, guard=guard)
        bound = os.environ.pop(LISTEN_FD, None)
        sockets = (
            [socket.socket(fileno=int(bound))]
            if bound is not None
            else [
                socket.create_server(
                    (address.host, address.port),
                    family=socket.AF_INET6 if config.is_ipv6_address(address.host) else socket.AF_INET,
                    backlog=BACKLOG,
                )
                for address in listen
            ]
        )
        hand_over = partial(adopt, connections=connections)
        self._listeners += [Listener(listening, application, hand_over, guard) for listening in sockets]

    def run(self) -> None:
        """Serve until `shutdown`, in this thread."""
        reactor.suggestThreadPoolSize(config.GATEWAY_WORKER_COUNT)
        pool = reactor.getThreadPool()
        pool.stop = partial(stop_thread_pool, pool, pool.stop)
        # Start-up makes many objects that stay to the end: to look through them again and again for garbage costs a
        # good part of its time.
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS)
        gc.enable()
        for listener in self._listeners:
            listener.start()
        reactor.run(installSignalHandlers=False)

    def shutdown(self) -> None:
        """Stop serving; requests that still run after a short grace are abandoned."""
        for listener in self._listeners:
            listener.close()
        reactor.getThreadPool().stop(timeout=STOP_GRACE_S)
        reactor.callFromThread(reactor.stop)


def look_only(application: Application) -> Application:
    """The application, with `LOOK_ONLY` in what it answers to browsers; SDKs get what AWS would send.

    Objects in S3 and the answers of functions are written by others, and would be pages of the stack's own origin.
    """

    def for_browsers(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        is_browser = (
            environ.get("HTTP_USER_AGENT", "").startswith(BROWSERS.decode())
            or "HTTP_SEC_FETCH_SITE" in environ
            or "HTTP_ORIGIN" in environ
            or "text/html" in environ.get("HTTP_ACCEPT", "")
        )
        if not is_browser:
            return application(environ, start)

        def start_restricted(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start(status, [*headers, *LOOK_ONLY], exc_info)

        return application(environ, start_restricted)

    return for_browsers
