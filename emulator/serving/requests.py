"""HTTP/1.1 requests out of the bytes of a connection (RFC 9112), parsed by llhttp."""

from collections import deque
from dataclasses import dataclass, field
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO
from urllib.parse import unquote_to_bytes, urlsplit

import httptools

from emulator.serving.guard import Denial, Guard, Header

LARGEST_HEAD = 256 * 1024
"""Bytes of a request line and headers together; beyond it a request is refused."""
LARGEST_IN_MEMORY = 16 * 1024 * 1024
"""A longer body is kept in a file, not in memory."""


class HeadTooLarge(ValueError):
    """A request line and headers longer than `LARGEST_HEAD`."""


@dataclass(slots=True)
class Request:
    """One request, as it was sent; `body` is rewound when the request is complete.

    denial: why it is not let in. It is ready as soon as its head is, and has no body.
    """

    method: str = ""
    target: bytes = b""
    version: str = "1.1"
    keep_alive: bool = True
    headers: list[Header] = field(default_factory=list)
    body: IO[bytes] = field(default_factory=BytesIO)
    denial: Denial | None = None

    @property
    def awaits_word(self) -> bool:
        """Whether the client sends the body only when told to (RFC 9110, 10.1.1)."""
        if self.denial is not None:
            return False
        expected = any(name.lower() == b"expect" and value.lower() == b"100-continue" for name, value in self.headers)
        return expected and self.version != "1.0"

    def take(self, part: bytes) -> None:
        """Add to the body."""
        if self.denial is not None:
            return
        if isinstance(self.body, BytesIO) and self.body.tell() + len(part) > LARGEST_IN_MEMORY:
            # Not a SpooledTemporaryFile: that says it is there to be written, and LocalStack's GzipFile believes it.
            in_memory, self.body = self.body, TemporaryFile()  # noqa: SIM115 - closed with the request
            self.body.write(in_memory.getbuffer())
        self.body.write(part)

    def environment(self, server: tuple[str, int], client: tuple[str, int]) -> dict[str, object]:
        """What a WSGI application is given (PEP 3333), with the raw headers and target as rolo wants them."""
        target = self.target.decode("latin-1")
        path, _, query = _origin_form(target).partition("?")
        environ: dict[str, object] = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "REQUEST_URI": target,
            "RAW_URI": target,
            "SERVER_PROTOCOL": f"HTTP/{self.version}",
            "SERVER_NAME": server[0],
            "SERVER_PORT": str(server[1]),
            "REMOTE_ADDR": client[0],
            "REMOTE_PORT": str(client[1]),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": self.body,
            "wsgi.input_terminated": True,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "rolo.headers": self.headers,
        }
        environ.update(_variables(self.headers))
        return environ


def _origin_form(target: str) -> str:
    """A target without scheme and host, which a client that takes us for a proxy sends (RFC 9112, 3.2.2)."""
    if target.startswith("/"):
        return target
    parts = urlsplit(target)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _variables(headers: list[Header]) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        if name not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            name = f"HTTP_{name}"
        value = raw_value.decode("latin-1")
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


class RequestParser:
    """Takes bytes as they come; complete requests, and those that `guard` does not let in, are in `ready`, in order."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self.ready: deque[Request] = deque()
        self._parser = httptools.HttpRequestParser(self)
        self._request = Request()
        self._head_bytes = 0
        self._awaits_word = False

    def feed(self, data: bytes) -> None:
        """Parse some more bytes; raises httptools.HttpParserError for what is not HTTP/1, HeadTooLarge."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            raise error.__context__ or error from error

    def take_word(self) -> bool:
        """Whether the client now waits to be told to send its body; said once."""
        awaits, self._awaits_word = self._awaits_word, False
        return awaits

    # The names of what follows are llhttp's.

    def on_message_begin(self) -> None:
        """A request begins."""
        self._request, self._head_bytes, self._awaits_word = Request(), 0, False

    def on_url(self, part: bytes) -> None:
        """A piece of the target."""
        self._request.target += part
        self._measure(len(part))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self._request.headers.append((name, value))
        self._measure(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """All headers are there."""
        self._request.method = self._parser.get_method().decode("ascii")
        self._request.version = self._parser.get_http_version()
        self._request.keep_alive = self._parser.should_keep_alive()
        request = self._request
        request.denial = self._guard.judge(request.method, request.target, request.headers)
        if request.denial is not None:
            self.ready.append(request)
        self._awaits_word = request.awaits_word

    def on_body(self, part: bytes) -> None:
        """A piece of the body, without the framing of chunks."""
        self._awaits_word = False
        self._request.take(part)

    def on_message_complete(self) -> None:
        """The request is complete."""
        self._awaits_word = False
        if self._request.denial is None:
            self._request.body.seek(0)
            self.ready.append(self._request)

    def _measure(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > LARGEST_HEAD:
            raise HeadTooLarge(f"the request line and headers are longer than {LARGEST_HEAD} bytes")
