"""The Lambda Runtime API, version 2018-06-01, as messages: bytes of a connection in, what the runtime said out.

Pure: it reads no socket and no clock. Every answer is one block of bytes, to be sent in one segment.
Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import httptools

PREFIX = "/2018-06-01/runtime/"
MAX_RESPONSE = 6 * 1024 * 1024 + 100
"""Bytes that a handler may answer: 6,291,556, as AWS's error text says."""

MAX_HEAD = 2 * 1024 * 1024
"""Bytes of a request without its body: the cause of an error travels in a header of up to 1 MiB."""

END_OF_HEAD = b"\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
REASONS = {status: HTTPStatus(status).phrase for status in (200, 202, 400, 403, 404, 413)}


@dataclass(frozen=True)
class Event:
    """An invocation, as the runtime is told of it; the deadline is in milliseconds since the epoch.

    The client context is what the caller says of itself, in JSON.
    """

    request_id: str
    function_arn: str
    payload: bytes
    deadline_ms: int
    trace_id: str = ""
    client_context: str = ""


@dataclass(frozen=True)
class NextAsked:
    """The runtime is ready and waits for an event."""


@dataclass(frozen=True)
class Answered:
    """The handler's answer; `failed` when the runtime reports an error instead."""

    request_id: str
    payload: bytes
    failed: bool


@dataclass(frozen=True)
class TooLarge:
    """The handler's answer had more than `MAX_RESPONSE` bytes and was refused."""

    request_id: str


@dataclass(frozen=True)
class InitFailed:
    """The handler could not be loaded; the payload is the runtime's description, which may be empty."""

    payload: bytes
    error_type: str = ""


@dataclass(frozen=True)
class Unknown:
    """A request that is not part of this API."""

    path: str


Message = NextAsked | Answered | TooLarge | InitFailed | Unknown


@dataclass(frozen=True)
class Request:
    """An HTTP request; `oversize` when its body was left out because it is too large.

    error_type: what the runtime calls an error that it reports. is_last: nothing else comes on its connection.
    """

    method: str
    path: str
    body: bytes = b""
    oversize: bool = False
    error_type: str = ""
    is_last: bool = False


class ProtocolError(Exception):
    """The bytes are no HTTP request."""


class RequestReader:
    """Cuts the bytes of one connection into requests. Bodies have a length, or come in chunks."""

    def __init__(self) -> None:
        self._pieces = _Pieces()
        self._parser = httptools.HttpRequestParser(self._pieces)

    def feed(self, data: bytes) -> list[Request]:
        """The requests that are complete with `data`. Raises `ProtocolError`."""
        self._pieces.overhead += len(data)
        self._pieces.parser = self._parser
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise ProtocolError(str(error)) from error
        finally:
            self._pieces.parser = None
        if self._pieces.overhead > MAX_HEAD:
            raise ProtocolError("the head of the request does not end")
        complete, self._pieces.complete = self._pieces.complete, []
        return complete

    def wants_continue(self) -> bool:
        """Whether the other side waits for `CONTINUE` before it sends its body; true once per request."""
        wants, self._pieces.expects_continue = self._pieces.expects_continue, False
        return wants


class _Pieces:
    """The pieces of a request that a parser calls with. The parser is known only while it works, so that both go when
    their connection does.

    overhead: bytes of the request that is not complete yet, without its body: head, edges of chunks, trailers.
    """

    def __init__(self) -> None:
        self.parser: httptools.HttpRequestParser | None = None
        self.complete: list[Request] = []
        self.overhead = 0
        self.expects_continue = False
        self._path = self._error_type = b""
        self._body = bytearray()
        self._size = 0

    def on_url(self, url: bytes) -> None:
        """A part of the path."""
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header or a trailer."""
        match name.lower():
            case b"expect":
                self.expects_continue = value.lower() == b"100-continue"
            case b"lambda-runtime-function-error-type":
                self._error_type = value

    def on_body(self, body: bytes) -> None:
        """A part of the body; of one that is too large only the size is kept."""
        self.overhead -= len(body)
        self._size += len(body)
        if self._size <= MAX_RESPONSE:
            self._body += body

    def on_message_complete(self) -> None:
        """The end of a request; what the parser was given besides belongs to the next."""
        is_over = self._size > MAX_RESPONSE
        if self.parser is None:
            raise RuntimeError("a parser that does not work has found something")
        request = Request(
            method=self.parser.get_method().decode("latin-1"),
            path=self._path.decode("latin-1"),
            body=b"" if is_over else bytes(self._body),
            oversize=is_over,
            error_type=self._error_type.decode("latin-1"),
            is_last=not self.parser.should_keep_alive(),
        )
        self.complete.append(request)
        self.overhead, self._size, self._path, self._error_type = 0, 0, b"", b""
        self._body.clear()


def understand(request: Request) -> Message:
    """The message of the runtime that a request is."""
    if not request.path.startswith(PREFIX):
        return Unknown(request.path)
    parts = request.path.removeprefix(PREFIX).split("/")
    match (request.method, *parts):
        case ("GET", "invocation", "next"):
            return NextAsked()
        case ("POST", "invocation", request_id, "response"):
            return TooLarge(request_id) if request.oversize else Answered(request_id, request.body, failed=False)
        case ("POST", "invocation", request_id, "error"):
            return Answered(request_id, request.body, failed=True)
        case ("POST", "init", "error"):
            return InitFailed(request.body, request.error_type)
    return Unknown(request.path)


def next_event(event: Event) -> bytes:
    """The answer to "next": the event and the headers that describe it."""
    headers = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": event.request_id,
        "Lambda-Runtime-Deadline-Ms": str(event.deadline_ms),
        "Lambda-Runtime-Invoked-Function-Arn": event.function_arn,
    }
    if event.trace_id:
        headers["Lambda-Runtime-Trace-Id"] = event.trace_id
    if event.client_context:
        headers["Lambda-Runtime-Client-Context"] = event.client_context
    return _answer(200, headers, event.payload)


def accepted() -> bytes:
    """The answer to a response or an error that was taken."""
    return _answer(202, {"Content-Type": "application/json"}, b'{"status":"OK"}\n')


def refused(status: int, error_type: str, message: str) -> bytes:
    """The answer to a request that was not taken."""
    body = json.dumps({"errorMessage": message, "errorType": error_type}).encode()
    return _answer(status, {"Content-Type": "application/json"}, body)


def _answer(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", *(f"{name}: {value}" for name, value in headers.items())]
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}"])
    return head.encode("latin-1") + END_OF_HEAD + body
