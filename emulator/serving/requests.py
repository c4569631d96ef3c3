"""HTTP/1.1 requests out of the bytes of a connection (RFC 9112), parsed by llhttp."""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO
from urllib.parse import unquote_to_bytes, urlsplit

import httptools

from wavetank.emulator.runtime.guard import Guard, Header
from wavetank.emulator.serving.refusals import (
    BadRequest,
    BodyNotKept,
    HeadTooLarge,
    MethodNotImplemented,
    NotLetIn,
    Refusal,
    TargetTooLong,
)

LARGEST_HEAD = 256 * 1024
"""Bytes of a request line and headers together, of trailers, or of what describes a chunk, as they are sent. AWS's
services take less; a stack serves what the tests of their clients come up with."""
LARGEST_TARGET = 8 * 1024
"""Bytes of a request target: the longest key of S3, each byte escaped, with a signature in the query, has half."""
LARGEST_PARSED = 8 * 1024
"""Bytes of a header that is parsed for every request, by parsers that take more than twice the time for twice the
bytes."""
PARSED = frozenset(
    b"accept accept-encoding accept-language authorization cache-control connection content-disposition"
    b" content-encoding content-type cookie expect forwarded host if-match if-none-match if-range origin range referer"
    b" transfer-encoding upgrade user-agent x-amz-target x-forwarded-for x-forwarded-host x-forwarded-proto".split()
)
"""The headers of HTTP, of signatures and of proxies, in lower case. Others, as the metadata of objects, are values."""
LARGEST_IN_MEMORY = 16 * 1024 * 1024
"""A longer body is kept in a file, not in memory."""
HEAD_PIECE = 16 * 1024
"""Bytes that are parsed at a time where the end of a head is looked for."""


class Stage(Enum):
    """How far the bytes of a connection have come."""

    BETWEEN = "between requests"
    HEAD = "in a head"
    BODY = "in a body"


@dataclass(slots=True)
class Request:
    """A request, as it was sent; `body` is rewound when the request is complete."""

    method: str = ""
    target: bytes = b""
    version: str = "1.1"
    keep_alive: bool = True
    headers: list[Header] = field(default_factory=list)
    body: IO[bytes] = field(default_factory=BytesIO)

    @property
    def awaits_word(self) -> bool:
        """Whether the client sends the body only when told to (RFC 9110, 10.1.1)."""
        expected = any(name.lower() == b"expect" and value.lower() == b"100-continue" for name, value in self.headers)
        return expected and self.version != "1.0"

    @property
    def opens_websocket(self) -> bool:
        """Whether the client wants to speak WebSocket from here on (RFC 6455, 4.1)."""
        upgrade = b",".join(value for name, value in self.headers if name.lower() == b"upgrade")
        protocols = {protocol.strip().lower() for protocol in upgrade.split(b",")}
        return self.method == "GET" and self.version == "1.1" and b"websocket" in protocols

    def head(self, *without: bytes) -> bytes:
        """The request line and the headers as they were sent, but those named (in lower case)."""
        lines = [b"%b %b HTTP/%b" % (self.method.encode(), self.target, self.version.encode())]
        lines += [b"%b: %b" % header for header in self.headers if header[0].lower() not in without]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def take(self, part: bytes) -> None:
        """Add to the body. Raises BodyNotKept."""
        try:
            if isinstance(self.body, BytesIO) and self.body.tell() + len(part) > LARGEST_IN_MEMORY:
                # Not a SpooledTemporaryFile: LocalStack's GzipFile believes that it is there to be written.
                in_memory, self.body = self.body, TemporaryFile()  # noqa: SIM115 - closed with the request
                with in_memory.getbuffer() as so_far:
                    self.body.write(so_far)
            self.body.write(part)
        except OSError as error:
            raise BodyNotKept(error) from error

    def rewind(self) -> None:
        """The body is complete. Raises BodyNotKept."""
        try:
            self.body.seek(0)
        except OSError as error:
            raise BodyNotKept(error) from error

    def close(self) -> None:
        """Give up the body, and with it its file."""
        # A file on a full disk says so once more.
        with suppress(OSError):
            self.body.close()

    def environment(self, server: tuple[str, int], client: tuple[str, int]) -> dict[str, object]:
        """The environment for a WSGI application (PEP 3333), with the raw headers and target as rolo wants them."""
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
        values: dict[str, list[str]] = {}
        for raw_name, raw_value in self.headers:
            name = raw_name.decode("latin-1").upper().replace("-", "_")
            if name not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
                name = f"HTTP_{name}"
            values.setdefault(name, []).append(raw_value.decode("latin-1"))
        environ.update((name, ",".join(texts)) for name, texts in values.items())
        return environ


def _origin_form(target: str) -> str:
    """A target without scheme and host, which a client that takes us for a proxy sends (RFC 9112, 3.2.2).

    Raises ValueError for one that is no URL.
    """
    if target.startswith("/"):
        return target
    parts = urlsplit(target)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


class RequestParser:
    """Takes bytes as they come, and gives the requests in them that `guard` lets in.

    stage: where the bytes have ended; body_bytes: of the body that is coming, so far.
    websocket: the beginning of a conversation that is not HTTP from its answer on, after the last request.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self.stage = Stage.BETWEEN
        self.body_bytes = 0
        self.websocket: bytes | None = None
        self._ready: deque[Request] = deque()
        self._failure: Refusal | None = None
        self._is_over = False
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._request = Request()
        self._head_bytes = self._unsettled = self._settled = 0
        self._awaits_word = False

    def feed(self, data: bytes) -> None:
        """Parse some more bytes. What comes after the last request of a connection is not looked at."""
        rest = memoryview(data)
        while rest and not self._is_over:
            piece = rest if self.stage is Stage.BODY else rest[:HEAD_PIECE]
            rest = rest[len(piece) :]
            try:
                self._parse(piece)
            except httptools.HttpParserUpgrade as pause:
                request, following = self._request, bytes(piece[pause.args[0] :]) + bytes(rest)
                if request.opens_websocket:
                    # It is not for this parser.
                    self._is_over, self.websocket = True, request.head() + following
                    return
                # A server may ignore an `Upgrade` (RFC 9110, 7.8), and llhttp does not.
                self._parser = httptools.HttpRequestParser(self)
                rest = memoryview(request.head(b"upgrade") + following)
            except Refusal as refusal:
                self._fail(refusal)
            except httptools.HttpParserError as error:
                self._fail(BadRequest(f"not an HTTP/1.1 request: {error}"))

    def next(self) -> Request | None:
        """The next complete request, None where there is none yet; raises the Refusal of what came after the last."""
        if self._ready:
            return self._ready.popleft()
        if self._failure is not None:
            raise self._failure
        return None

    def take_word(self) -> bool:
        """Whether the client now waits to be told to send its body; said once."""
        awaits, self._awaits_word = self._awaits_word, False
        return awaits

    def close(self) -> None:
        """Give up what is not complete, or was not asked for, at once: its files, and llhttp's hold on this."""
        # A refusal knows where it was raised, and so this parser and what it was about to keep.
        self._parser, self._failure, self._is_over = None, None, True
        for request in (self._request, *self._ready):
            request.close()
        self._ready.clear()

    def _parse(self, piece: memoryview) -> None:
        """Parse bytes, and count those that bring neither a head nor a body forward: llhttp shows a header whole."""
        self._unsettled += len(piece)
        before = self._settled
        assert self._parser is not None
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserCallbackError as error:
            raise error.__context__ or error from error
        if self._settled > before:
            # Where in the piece is not known; in a head it is not long.
            self._unsettled = min(len(piece), HEAD_PIECE)
        elif self._unsettled > LARGEST_HEAD:
            raise _too_large()

    def _fail(self, refusal: Refusal) -> None:
        if not self._is_over:
            self._is_over, self._failure = True, refusal

    # The names of what follows are llhttp's.

    def on_message_begin(self) -> None:
        """A request begins."""
        self._request, self._head_bytes, self._awaits_word = Request(), 0, False
        self._reach(Stage.HEAD)

    def on_url(self, part: bytes) -> None:
        """A piece of the target."""
        self._request.target += part
        if len(self._request.target) > LARGEST_TARGET:
            raise TargetTooLong(f"the request target is longer than {LARGEST_TARGET} bytes")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, which is no header (RFC 9110, 6.5.1)."""
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > LARGEST_HEAD:
            raise _too_large()
        if self.stage is not Stage.HEAD:
            return
        if len(value) > LARGEST_PARSED and name.lower() in PARSED:
            raise HeadTooLarge(f"the header {name.decode('latin-1')} is longer than {LARGEST_PARSED} bytes")
        self._request.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """All headers are there."""
        assert self._parser is not None
        request = self._request
        request.method = self._parser.get_method().decode("ascii")
        request.version = self._parser.get_http_version()
        request.keep_alive = self._parser.should_keep_alive()
        if request.method == "CONNECT":
            raise MethodNotImplemented("CONNECT is for proxies, and this is none")
        try:
            _origin_form(request.target.decode("latin-1"))
        except ValueError as error:
            raise BadRequest(f"the request target is no URL: {error}") from error
        denial = self._guard.judge(request.method, request.target, request.headers)
        if denial is not None:
            raise NotLetIn(denial, request.method, request.target, request.headers)
        self._awaits_word = request.awaits_word
        self._head_bytes = self.body_bytes = 0
        self._reach(Stage.BODY)

    def on_body(self, part: bytes) -> None:
        """A piece of the body, without the framing of chunks."""
        self._awaits_word = False
        self.body_bytes += len(part)
        self._reach(Stage.BODY)
        self._request.take(part)

    def on_chunk_complete(self) -> None:
        """A chunk has ended."""
        self._reach(Stage.BODY)

    def on_message_complete(self) -> None:
        """The request is complete, unless it asks for another protocol: llhttp takes its body for that."""
        assert self._parser is not None
        self._awaits_word = False
        self._reach(Stage.BETWEEN)
        if self._parser.should_upgrade():
            return
        self._request.rewind()
        self._ready.append(self._request)
        self._is_over = not self._request.keep_alive

    def _reach(self, stage: Stage) -> None:
        self.stage = stage
        self._settled += 1


def _too_large() -> HeadTooLarge:
    return HeadTooLarge(f"the headers, trailers or extensions of a chunk are longer than {LARGEST_HEAD} bytes")
