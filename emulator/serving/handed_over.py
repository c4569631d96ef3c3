"""Connections that Twisted serves, TLS, HTTP/2 and WebSockets, behind the same guard as all others.

The guard has to answer when a head is complete, before Twisted sends `100 Continue`, keeps a body or starts a request.
"""

from contextlib import suppress
from functools import partial
from typing import Any, override

from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from rolo.gateway import Gateway
from rolo.serving.twisted import (
    HeaderPreservingHTTPChannel,
    HeaderPreservingWSGIResource,
    TwistedGateway,
    WebsocketResourceDecorator,
    to_flat_header_list,
)
from rolo.websocket import WebSocketRequest
from twisted.internet import reactor
from twisted.web import _http2, http

from emulator.serving.browsers import Application
from emulator.serving.denials import DENIALS, answer, message
from emulator.serving.guard import Denial, Guard

LINGER_S = 1.0
"""How long a client that is still sending has to take its answer; closed at once, it would be lost (RFC 9112, 9.6)."""


def site(gateway: Gateway, application: Application, guard: Guard) -> TwistedGateway:
    """The site of a gateway: requests go to the application, WebSockets to the gateway, both past the guard."""
    if http.H2Connection is not _http2.H2Connection:
        raise TypeError("Twisted's HTTP/2 is not the one this was written for")
    guarded = TwistedGateway(gateway)
    resource = HeaderPreservingWSGIResource(reactor, reactor.getThreadPool(), application)
    guarded.resource = WebsocketResourceDecorator(resource, WebSocketRequest.listener(gateway.accept))
    guarded.protocol = lambda: http._GenericHTTPChannelProtocol(GuardedChannel(guard))
    vars(http)["H2Connection"] = partial(GuardedHttp2, guard)
    return guarded


class GuardedChannel(HeaderPreservingHTTPChannel):
    """A connection of HTTP/1.1: with a request that is not let in, it ends."""

    def __init__(self, guard: Guard) -> None:
        super().__init__()
        self._guard = guard

    @override
    def allHeadersReceived(self) -> None:
        """All headers are there."""
        method, headers = self._command.decode("latin-1"), to_flat_header_list(self.requests[-1].requestHeaders)
        denial = self._guard.judge(method, self._path, headers)
        if denial is None:
            super().allHeadersReceived()
            return
        DENIALS.note(denial, method, self._path)
        self.transport.write(message(denial, method, headers))
        for receiver in ("dataReceived", "lineReceived", "rawDataReceived", "allContentReceived"):
            setattr(self, receiver, _ignore)
        if self.length == 0:
            self.loseConnection()
        else:
            self.setTimeout(LINGER_S)


class GuardedHttp2(_http2.H2Connection):
    """A connection of HTTP/2: a request that is not let in never becomes a stream of Twisted's."""

    def __init__(self, guard: Guard) -> None:
        super().__init__()
        self._guard = guard

    @override
    def _requestReceived(self, event: Any) -> None:
        pseudo = {name: value for name, value in event.headers if name.startswith(b":")}
        method, path = pseudo.get(b":method", b"").decode("latin-1"), pseudo.get(b":path", b"")
        headers = _with_host(event.headers, pseudo.get(b":authority"))
        denial = self._guard.judge(method, path, headers)
        if denial is None:
            super()._requestReceived(event)
            return
        DENIALS.note(denial, method, path)
        self._deny(event.stream_id, denial, headers, has_body=method != "HEAD")

    def _deny(self, stream: int, denial: Denial, headers: list[tuple[bytes, bytes]], *, has_body: bool) -> None:
        """Answer, and have the client send no more of it (RFC 9113, 8.1)."""
        fields, body = answer(denial, headers)
        with suppress(ProtocolError):
            fits = has_body and len(body) <= self.conn.local_flow_control_window(stream)
            status = (b":status", b"%d" % denial.status)
            self.conn.send_headers(
                stream, [status, *((name.lower(), value) for name, value in fields)], end_stream=not fits
            )
            if fits:
                self.conn.send_data(stream, body, end_stream=True)
            self.conn.reset_stream(stream, ErrorCodes.NO_ERROR)
        with suppress(_http2.priority.MissingStreamError):
            self.priority.remove_stream(stream)

    @override
    def _requestDataReceived(self, event: Any) -> None:
        if self._streamIsActive(event.stream_id):
            super()._requestDataReceived(event)
        else:
            self.conn.acknowledge_received_data(event.flow_controlled_length, event.stream_id)

    @override
    def _requestEnded(self, event: Any) -> None:
        if self._streamIsActive(event.stream_id):
            super()._requestEnded(event)

    @override
    def _requestAborted(self, event: Any) -> None:
        if self._streamIsActive(event.stream_id):
            super()._requestAborted(event)


def _with_host(headers: list[tuple[bytes, bytes]], authority: bytes | None) -> list[tuple[bytes, bytes]]:
    """Headers as HTTP/1.1 has them: the authority is the host, which may be there as well (RFC 9113, 8.3.1)."""
    named = [header for header in headers if not header[0].startswith(b":")]
    if authority is None:
        return named
    return [(b"host", authority), *(header for header in named if header != (b"host", authority))]


def _ignore(*_data: bytes) -> None:
    pass
