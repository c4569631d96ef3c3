"""One connection, served by the thread that calls `serve`: a request is read, handled and answered, then the next."""

import logging
import socket
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import httptools

from emulator.serving.denials import DENIALS, message
from emulator.serving.guard import Denial, Guard
from emulator.serving.requests import HeadTooLarge, Request, RequestParser
from emulator.serving.responses import Response

LOG = logging.getLogger(__name__)
READ_BYTES = 256 * 1024
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LINGER_S = 1.0
"""How long a client that is still sending has to take its answer; closed at once, it would be lost (RFC 9112, 9.6)."""

Application = Callable[[dict[str, object], Any], Iterable[bytes]]
"""A WSGI application."""


class Connection:
    """A client's connection, from its first request on."""

    def __init__(
        self, connected: socket.socket, client: tuple[str, int], application: Application, guard: Guard
    ) -> None:
        self._socket = connected
        self._client = client
        self._server: tuple[str, int] = connected.getsockname()[:2]
        self._application = application
        self._parser = RequestParser(guard)

    def serve(self) -> None:
        """Answer requests until the client has no more, then close; a client that goes away is no error."""
        try:
            while (request := self._next()) is not None and self._answer(request):
                pass
        except HeadTooLarge as error:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, str(error))
        except httptools.HttpParserError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, f"not an HTTP/1.1 request: {error}")
        except OSError as error:
            LOG.debug("connection of %s:%s ended: %s", *self._client, error)
        finally:
            self._socket.close()

    def _next(self) -> Request | None:
        """The next request, or None when the client has closed."""
        while not self._parser.ready:
            data = self._socket.recv(READ_BYTES)
            if not data:
                return None
            self._parser.feed(data)
            if self._parser.take_word():
                self._socket.sendall(CONTINUE)
        return self._parser.ready.popleft()

    def _answer(self, request: Request) -> bool:
        """Handle one request; whether the connection can take another."""
        if request.denial is not None:
            self._deny(request, request.denial)
            return False
        response = Response(request, self._socket.sendall)
        try:
            parts = self._application(request.environment(self._server, self._client), response.start)
            try:
                response.finish(parts)
            finally:
                getattr(parts, "close", _nothing)()
        except OSError:
            raise
        except Exception:
            LOG.exception("%s %r could not be handled", request.method, request.target)
            if not response.has_begun:
                self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "see the log of the stack")
            return False
        finally:
            request.body.close()
        return response.keep_alive

    def _deny(self, request: Request, denial: Denial) -> None:
        """Say why a request is not let in; what else the client sends is dropped."""
        DENIALS.note(denial, request.method, request.target)
        self._socket.sendall(message(denial, request.method, request.headers))
        self._socket.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + LINGER_S
        while (left_s := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left_s)
            if not self._socket.recv(READ_BYTES):
                return

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        body = f"{why}\n".encode()
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/plain\r\n"
        try:
            self._socket.sendall(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        except OSError as error:
            LOG.debug("%s:%s did not hear its refusal: %s", *self._client, error)


def _nothing() -> None:
    pass
