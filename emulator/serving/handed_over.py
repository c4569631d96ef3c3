"""Twisted's side of the server: TLS, HTTP/2 and WebSockets, with the guard, the limits and the patience of ours.

The guard answers when a head is complete, before Twisted sends `100 Continue`, keeps a body or starts a request.
"""

import errno
import logging
import socket
import time
from contextlib import suppress
from functools import partial
from io import BytesIO
from typing import Any

import h2.connection
from h2.config import H2Configuration
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from localstack.aws.serving.twisted import TLSMultiplexerFactory
from rolo.gateway import Gateway
from rolo.serving.twisted import (
    HeaderPreservingHTTPChannel,
    HeaderPreservingWSGIResource,
    TwistedGateway,
    TwistedRequestAdapter,
    WebsocketResourceDecorator,
    to_flat_header_list,
)
from rolo.websocket import WebSocketRequest
from twisted.internet import reactor, ssl
from twisted.internet.interfaces import IProtocolFactory
from twisted.web import _http2, http

from wavetank.emulator.runtime.guard import Guard
from wavetank.emulator.serving.connection import USUAL, Application, Patience
from wavetank.emulator.serving.refusals import (
    DENIALS,
    BodyNotKept,
    HeadTooLarge,
    Refusal,
    TargetTooLong,
    answer,
    message,
)
from wavetank.emulator.serving.requests import LARGEST_TARGET, Stage

LOG = logging.getLogger(__name__)


def factory(
    gateway: Gateway,
    certificate: tuple[str, str] | None,
    *,
    application: Application,
    guard: Guard,
    patience: Patience = USUAL,
) -> IProtocolFactory:
    """The maker of connections: requests go to the application, WebSockets to the gateway, both past the guard.

    certificate: the files of a certificate and of its key.
    """
    site = TwistedGateway(gateway)
    resource = HeaderPreservingWSGIResource(reactor, reactor.getThreadPool(), application)
    site.resource = WebsocketResourceDecorator(resource, WebSocketRequest.listener(gateway.accept))
    site.requestFactory = HandedOverRequest
    site.timeOut = patience.idle_s
    site.protocol = lambda: http._GenericHTTPChannelProtocol(Channel(guard, patience))
    if http.H2Connection is not _http2.H2Connection or not callable(_http2.H2Connection._requestDone):
        raise TypeError("Twisted's HTTP/2 is not the one that this was written for")
    if not callable(h2.connection.H2Connection._receive_goaway_frame):
        raise TypeError("h2 is not the one that this was written for")
    vars(http)["H2Connection"] = partial(Http2, guard, patience)
    if certificate is None:
        return site
    chain, key = certificate
    context = ssl.DefaultOpenSSLContextFactory(key, chain)
    context.getContext().use_certificate_chain_file(chain)
    return TLSMultiplexerFactory(context, False, site)


def adopt(taken: socket.socket, beginning: bytes, connections: IProtocolFactory) -> None:
    """Let Twisted serve a connection of which `beginning` was read; from any thread. It works on a copy of `taken`."""

    def begin() -> None:
        with taken:
            taken.setblocking(False)
            try:
                transport = reactor.adoptStreamConnection(taken.fileno(), taken.family, connections)
            except OSError as error:
                level = logging.DEBUG if error.errno == errno.ENOTCONN else logging.WARNING
                LOG.log(level, "a connection could not be handed over: %s", error)
                return
        try:
            transport.protocol.dataReceived(beginning)
        except Exception:
            LOG.exception("a connection that was handed over could not be served")
            transport.abortConnection()

    reactor.callFromThread(begin)


class HandedOverRequest(TwistedRequestAdapter):
    """A request that keeps to our limits: what is refused is answered when the client has sent it all.

    is_complete: the request is there and is worked on, or answered.
    """

    is_complete = False
    _refusal: Refusal | None = None

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        """Twisted's: all headers are there."""
        self._keep(lambda: super(HandedOverRequest, self).gotLength(length))

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        """Twisted's: a piece of the body."""
        if self._refusal is None:
            self._keep(lambda: super(HandedOverRequest, self).handleContentChunk(data))

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        """Twisted's: the request is complete."""
        self.is_complete = True
        if len(path) > LARGEST_TARGET:
            self._refusal = TargetTooLong(f"the request target is longer than {LARGEST_TARGET} bytes")
        if self._refusal is None:
            self._keep(lambda: self.content.seek(0, 2))
        if self._refusal is None:
            super().requestReceived(command, path, version)
            return
        self.method, self.clientproto, self.uri = command, version, path
        self.setResponseCode(self._refusal.status, self._refusal.status.phrase.encode())
        self.setHeader(b"content-type", b"text/plain")
        self.write(f"{self._refusal}\n".encode())
        self.finish()

    def _keep(self, write: Any) -> None:
        try:
            write()
        except OSError as error:
            self._refusal = BodyNotKept(error)
            LOG.error("%s: %s", self.client, self._refusal)
            self.content = BytesIO()


class Channel(HeaderPreservingHTTPChannel):
    """HTTP/1.1, of which a head has to come in time, and a body has to come forward.

    With a request that is not let in the connection ends.
    """

    def __init__(self, guard: Guard, patience: Patience) -> None:
        super().__init__()
        self._guard = guard
        self._patience = patience
        self._stage, self._since, self._body_bytes = Stage.BETWEEN, 0.0, 0

    def resetTimeout(self) -> None:  # noqa: N802
        """Twisted's, for any bytes that have come."""
        if self._stage is Stage.BETWEEN:
            self._reach(Stage.HEAD)
            super().resetTimeout()
        elif self._stage is Stage.BODY:
            elapsed_s = time.monotonic() - self._since
            if self._patience.left_s(self._stage, elapsed_s, self._body_bytes) > 0:
                super().resetTimeout()

    def allHeadersReceived(self) -> None:  # noqa: N802
        """Twisted's."""
        self._reach(Stage.BODY)
        method, headers = self._command.decode("latin-1"), to_flat_header_list(self.requests[-1].requestHeaders)
        denial = self._guard.judge(method, self._path, headers)
        if denial is None:
            super().allHeadersReceived()
            return
        DENIALS.note(denial, method, self._path)
        self.transport.write(message(denial, method, headers))
        for receiver in ("dataReceived", "lineReceived", "rawDataReceived", "allContentReceived"):
            setattr(self, receiver, lambda *_data: None)
        if self.length == 0:
            self.loseConnection()
        else:
            self.setTimeout(self._patience.linger_silence_s)

    def rawDataReceived(self, data: bytes) -> None:  # noqa: N802
        """Twisted's, for a body or for what comes while a request is worked on."""
        self._body_bytes += len(data)
        super().rawDataReceived(data)

    def allContentReceived(self) -> None:  # noqa: N802
        """Twisted's."""
        self._reach(Stage.BETWEEN)
        super().allContentReceived()

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002, N802
        """Twisted's, for a line that is longer than it takes."""
        is_target = self._receivedHeaderSize == 0
        refusal = TargetTooLong if is_target else HeadTooLarge
        status = refusal.status
        self.transport.write(f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\n\r\n".encode())
        self.loseConnection()

    def _reach(self, stage: Stage) -> None:
        self._stage, self._since, self._body_bytes = stage, time.monotonic(), 0


class Leaving(h2.connection.H2Connection):
    """An HTTP/2 connection that a client may announce to leave: streams that have begun go on (RFC 9113, 6.8)."""

    is_left = False

    def _receive_goaway_frame(self, frame: Any) -> Any:
        if frame.error_code != ErrorCodes.NO_ERROR:
            return super()._receive_goaway_frame(frame)
        self.is_left = True
        return [], []


class Http2(_http2.H2Connection):
    """HTTP/2, of which every stream is answered that has begun, however long that takes a function.

    A request that is not let in never becomes a stream of Twisted's.
    """

    def __init__(self, guard: Guard, patience: Patience) -> None:
        super().__init__()
        self._guard = guard
        self.conn: Leaving = Leaving(H2Configuration(client_side=False, header_encoding=None))
        self._patience = patience
        self._quiet_s = 0.0

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Twisted's."""
        self._quiet_s = 0.0
        super().dataReceived(data)
        self._end_if_left()

    def timeoutConnection(self) -> None:  # noqa: N802
        """Twisted's, when nothing has come or gone for a while: a request that is worked on may take longer."""
        self._quiet_s += self.timeOut
        if self._quiet_s < self._patience.unread_s and any(
            stream._request.is_complete for stream in self.streams.values()
        ):
            self.setTimeout(self.timeOut)
        else:
            super().timeoutConnection()

    def _requestReceived(self, event: Any) -> None:  # noqa: N802
        pseudo = {name: value for name, value in event.headers if name.startswith(b":")}
        method, path = pseudo.get(b":method", b"").decode("latin-1"), pseudo.get(b":path", b"")
        headers = [header for header in event.headers if not header[0].startswith(b":")]
        if (authority := pseudo.get(b":authority")) is not None:
            # As HTTP/1.1 has them: the authority is the host, which may be there as well (RFC 9113, 8.3.1).
            host = (b"host", authority)
            headers = [host, *(header for header in headers if header != host)]
        denial = self._guard.judge(method, path, headers)
        if denial is None:
            super()._requestReceived(event)
            return
        DENIALS.note(denial, method, path)
        fields, body = answer(denial, headers)
        with suppress(ProtocolError):
            fits = method != "HEAD" and len(body) <= self.conn.local_flow_control_window(event.stream_id)
            status = (b":status", b"%d" % denial.status)
            self.conn.send_headers(
                event.stream_id, [status, *((name.lower(), value) for name, value in fields)], end_stream=not fits
            )
            if fits:
                self.conn.send_data(event.stream_id, body, end_stream=True)
            # The client is to send no more of it (RFC 9113, 8.1).
            self.conn.reset_stream(event.stream_id, ErrorCodes.NO_ERROR)
        with suppress(_http2.priority.MissingStreamError):
            self.priority.remove_stream(event.stream_id)

    def _requestDataReceived(self, event: Any) -> None:  # noqa: N802
        if self._streamIsActive(event.stream_id):
            super()._requestDataReceived(event)
        else:
            self.conn.acknowledge_received_data(event.flow_controlled_length, event.stream_id)

    def _requestEnded(self, event: Any) -> None:  # noqa: N802
        if self._streamIsActive(event.stream_id):
            super()._requestEnded(event)

    def _requestAborted(self, event: Any) -> None:  # noqa: N802
        if self._streamIsActive(event.stream_id):
            super()._requestAborted(event)

    def _requestDone(self, streamID: int) -> None:  # noqa: N802, N803
        super()._requestDone(streamID)
        self._end_if_left()

    def _end_if_left(self) -> None:
        if self.conn.is_left and not self.streams:
            self.transport.loseConnection()
