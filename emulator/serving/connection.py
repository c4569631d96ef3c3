"""A connection, served by the thread that calls `serve`: a request is read, handled and answered, then the next."""

import logging
import socket
import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from wavetank.emulator.runtime.guard import Guard
from wavetank.emulator.serving.refusals import DENIALS, BadRequest, NotLetIn, Refusal, TooSlow, plain_answer
from wavetank.emulator.serving.requests import Request, RequestParser, Stage
from wavetank.emulator.serving.responses import Response

LOG = logging.getLogger(__name__)
READ_BYTES = 256 * 1024
LINGER_HEAD_BYTES = 1 << 20
"""What is read of a client that was refused before it had sent a whole head: nobody has more to say."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

Application = Callable[[dict[str, object], Any], Iterable[bytes]]
"""A WSGI application."""
HandOver = Callable[[socket.socket, bytes], None]
"""Takes a connection and what was read of it, and owns it from then on: it closes it in every case."""


@dataclass(frozen=True)
class Patience:
    """Seconds that a client may keep a connection waiting, and what a body has to bring in them.

    They are the wall clock's, not the emulator's: they are between the stack and a program that is there, or is not. A
    request that is complete may be worked on for as long as that takes, and its answer may be read for as long as a
    function may run.

    idle_s: for the next request; as AWS's load balancers do.
    head_s: for a head, from its first byte to its last.
    silence_s: for the next bytes of a body. Amazon S3 waits less and answers with RequestTimeout.
    body_bytes_per_s: what a body has to bring once `silence_s` have passed, so that dripping is not silence.
    unread_s: for a client that does not read its answer; the longest that a Lambda function may take to do so.
    linger_s, linger_silence_s, linger_bytes: for what a client still sends that was refused and has yet to read it.
    """

    idle_s: float = 60.0
    head_s: float = 60.0
    silence_s: float = 60.0
    body_bytes_per_s: float = 500.0
    unread_s: float = 900.0
    linger_s: float = 30.0
    linger_silence_s: float = 5.0
    linger_bytes: int = 1 << 30

    def left_s(self, stage: Stage, elapsed_s: float, body_bytes: int) -> float:
        """How long the next bytes may take, of a request that is at `stage` since `elapsed_s`; 0 or less: too long."""
        match stage:
            case Stage.BETWEEN:
                return self.idle_s
            case Stage.HEAD:
                return self.head_s - elapsed_s
            case Stage.BODY:
                return min(self.silence_s, self.silence_s + body_bytes / self.body_bytes_per_s - elapsed_s)


USUAL = Patience()


def timeval(seconds: float) -> bytes:
    """A duration as SO_RCVTIMEO and SO_SNDTIMEO take it (socket(7)); a duration of 0 would be for ever."""
    micros = max(int(seconds * 1_000_000), 1000)
    return struct.pack("ll", *divmod(micros, 1_000_000))


class ClientGone(Exception):
    """The client has closed, or does not read: nobody is there to be told."""


class Connection:
    """A client's connection, from its first request on."""

    def __init__(
        self,
        connected: socket.socket,
        client: tuple[str, int],
        application: Application,
        hand_over: HandOver,
        guard: Guard,
        patience: Patience,
    ) -> None:
        self._socket = connected
        self._client = client
        self._server: tuple[str, int] = connected.getsockname()[:2]
        self._application = application
        self._hand_over = hand_over
        self._patience = patience
        self._waits_s = 0.0
        self._stage, self._since = Stage.BETWEEN, 0.0
        self._parser = RequestParser(guard)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeval(patience.unread_s))

    def serve(self, beginning: bytes) -> None:
        """Answer requests until the client has no more, then close; a client that goes away is no error.

        beginning: what was read of the connection already.
        """
        try:
            self._parser.feed(beginning)
            while (request := self._next()) is not None and self._answer(request):
                pass
        except Refusal as refusal:
            self._refuse(refusal)
        except ClientGone as gone:
            LOG.debug("connection of %s:%s ended: %s", *self._client, gone)
        finally:
            websocket = self._parser.websocket
            self._parser.close()
            if websocket is None:
                self._socket.close()
        if websocket is not None:
            self._hand_over(self._socket, websocket)

    def _next(self) -> Request | None:
        """The next request, or None when there are no more of HTTP. Raises Refusal, ClientGone."""
        self._stage = Stage.BETWEEN
        while (request := self._parser.next()) is None and self._parser.websocket is None:
            if self._parser.take_word():
                self._send(CONTINUE)
            data = self._received()
            if not data:
                return None
            self._parser.feed(data)
        return request

    def _received(self) -> bytes:
        """Some more bytes; none where the client has closed, or asks for nothing. Raises TooSlow, ClientGone."""
        stage = self._parser.stage
        if stage is not self._stage or stage is Stage.BETWEEN:
            self._stage, self._since = stage, time.monotonic()
        left_s = self._patience.left_s(stage, time.monotonic() - self._since, self._parser.body_bytes)
        try:
            if left_s > 0:
                self._wait_at_most(left_s)
                return self._socket.recv(READ_BYTES)
        except BlockingIOError:
            LOG.debug("%s:%s was waited for, %s", *self._client, stage.value)
        except OSError as error:
            raise ClientGone(str(error)) from error
        if stage is Stage.BETWEEN:
            return b""
        raise TooSlow(f"waited too long for the rest of this request, {stage.value}")

    def _wait_at_most(self, seconds: float) -> None:
        if seconds != self._waits_s:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeval(seconds))
            self._waits_s = seconds

    def _answer(self, request: Request) -> bool:
        """Handle one request; whether the connection can take another. Raises ClientGone."""
        response = Response(request, self._send)
        try:
            parts = self._application(request.environment(self._server, self._client), response.start)
            try:
                response.finish(parts)
            finally:
                getattr(parts, "close", lambda: None)()
        except ClientGone:
            raise
        except Exception:
            LOG.exception("%s %r could not be handled", request.method, request.target)
            if not response.has_begun:
                self._send(plain_answer(HTTPStatus.INTERNAL_SERVER_ERROR, "see the log of the stack"))
            return False
        finally:
            request.close()
        return response.keep_alive

    def _refuse(self, refusal: Refusal) -> None:
        """Tell why, and take what is still coming for a while: a connection that is closed on unread bytes takes the
        answer with it (RFC 9112, 9.6)."""
        if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR and refusal.status != HTTPStatus.NOT_IMPLEMENTED:
            LOG.error("%s:%s: %s", *self._client, refusal)
        if isinstance(refusal, NotLetIn):
            DENIALS.note(refusal.denial, refusal.method, refusal.target)
        in_head = isinstance(refusal, BadRequest) or (
            self._parser.stage is Stage.HEAD and not isinstance(refusal, NotLetIn)
        )
        self._parser.close()
        try:
            self._send(refusal.answer())
            self._socket.shutdown(socket.SHUT_WR)
            most = LINGER_HEAD_BYTES if in_head else self._patience.linger_bytes
            deadline = time.monotonic() + self._patience.linger_s
            while most > 0 and (left_s := deadline - time.monotonic()) > 0:
                self._wait_at_most(min(left_s, self._patience.linger_silence_s))
                data = self._socket.recv(READ_BYTES)
                if not data:
                    return
                most -= len(data)
        except (ClientGone, OSError) as error:
            LOG.debug("%s:%s did not hear its refusal: %s", *self._client, error)

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise ClientGone(str(error)) from error
