"""The answers of a WSGI application, onto a socket as HTTP/1.1 (PEP 3333; RFC 9112, 6)."""

from collections.abc import Callable, Iterable
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.serving.requests import Request

SERVER = b"wavetank"
NO_BODY = (100, 101, 204, 304)
"""Statuses whose responses have none, besides those to HEAD."""

Send = Callable[[bytes], None]


class Response:
    """The response to one request; after `finish`, `keep_alive` says whether the connection can go on."""

    def __init__(self, request: Request, send: Send) -> None:
        self.keep_alive = request.keep_alive
        self.has_begun = False
        """Whether anything was sent: if so, no other response can take its place."""
        self._request = request
        self._send = send
        self._head = b""
        self._is_chunked = False
        self._is_bodiless = request.method == "HEAD"

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        """WSGI's `start_response`."""
        if exc_info and self.has_begun:
            raise exc_info[1].with_traceback(exc_info[2])
        names = {name.lower() for name, _ in headers}
        self._is_bodiless = self._is_bodiless or int(status.split(" ", 1)[0]) in NO_BODY
        lines = [f"HTTP/1.1 {status}".encode("latin-1")]
        lines += [f"{name}: {value}".encode("latin-1") for name, value in headers if name.lower() != "connection"]
        lines += [line for name, line in _own_headers(int(CLOCK.now())) if name not in names]
        if not self._is_bodiless and "content-length" not in names:
            # A body of unknown length ends with a last chunk; before HTTP/1.1, with the connection.
            if self._request.version == "1.0":
                self.keep_alive = False
            else:
                self._is_chunked = True
                lines.append(b"Transfer-Encoding: chunked")
        if not self.keep_alive:
            lines.append(b"Connection: close")
        elif self._request.version == "1.0":
            lines.append(b"Connection: keep-alive")
        self._head = b"\r\n".join(lines) + b"\r\n\r\n"
        return self._write

    def finish(self, parts: Iterable[bytes]) -> None:
        """Send the body, piece by piece as the pieces come, and what ends it."""
        for part in parts:
            self._write(part)
        end = b"0\r\n\r\n" if self._is_chunked else b""
        if self._head or end:
            self._flush(end)

    def _write(self, part: bytes) -> None:
        if part and not self._is_bodiless:
            self._flush(b"%x\r\n%b\r\n" % (len(part), part) if self._is_chunked else part)

    def _flush(self, data: bytes) -> None:
        head, self._head, self.has_begun = self._head, b"", True
        self._send(head + data if head else data)


@lru_cache(maxsize=2)
def _own_headers(now: int) -> tuple[tuple[str, bytes], ...]:
    date = formatdate(now, usegmt=True).encode("ascii")
    return ("date", b"Date: " + date), ("server", b"Server: " + SERVER)
