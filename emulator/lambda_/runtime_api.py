"""The Lambda Runtime API, version 2018-06-01, as messages: bytes of a connection in, what the runtime said out.

Pure: it reads no socket and no clock. Every answer is one block of bytes, to be sent in one segment.
Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "/2018-06-01/runtime/"
MAX_RESPONSE = 6 * 1024 * 1024 + 100
"""Bytes that a handler may answer: 6,291,556, as AWS's error text says."""

MAX_HEAD = 2 * 1024 * 1024
"""Bytes of a request's head: the cause of an error travels in a header of up to 1 MiB."""

END_OF_HEAD = b"\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
REASONS = {200: "OK", 202: "Accepted", 400: "Bad Request", 404: "Not Found", 413: "Request Entity Too Large"}


@dataclass(frozen=True)
class Event:
    """One invocation, as the runtime is told of it; the deadline is in milliseconds since the epoch.

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
    """The handler could not be loaded; the payload is the runtime's description."""

    payload: bytes


@dataclass(frozen=True)
class Unknown:
    """A request that is not part of this API."""

    path: str


Said = NextAsked | Answered | TooLarge | InitFailed | Unknown


@dataclass(frozen=True)
class Request:
    """One HTTP request; `oversize` when its body was left out because it is too large."""

    method: str
    path: str
    body: bytes
    oversize: bool = False


class ProtocolError(Exception):
    """The bytes are no HTTP request."""


class RequestReader:
    """Cuts the bytes of one connection into requests."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: tuple[str, str] | None = None
        self._missing = 0
        self._skipping = False
        self._expects_continue = False

    def feed(self, data: bytes) -> list[Request]:
        """The requests that are complete with `data`. Raises `ProtocolError`."""
        self._buffer += data
        requests = []
        while (request := self._take()) is not None:
            requests.append(request)
        return requests

    def wants_continue(self) -> bool:
        """Whether the other side waits for `CONTINUE` before it sends its body; true once per request."""
        wants, self._expects_continue = self._expects_continue, False
        return wants

    def _take(self) -> Request | None:
        if self._head is None and not self._take_head():
            return None
        if self._head is None:
            return None
        if self._skipping:
            return self._skip(self._head)
        if len(self._buffer) < self._missing:
            return None
        body = bytes(self._buffer[: self._missing])
        del self._buffer[: self._missing]
        (method, path), self._head = self._head, None
        return Request(method, path, body)

    def _take_head(self) -> bool:
        end = self._buffer.find(END_OF_HEAD)
        if end < 0:
            if len(self._buffer) > MAX_HEAD:
                raise ProtocolError("the head of the request does not end")
            return False
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        del self._buffer[: end + len(END_OF_HEAD)]
        words = lines[0].split(" ")
        if len(words) != 3:
            raise ProtocolError(f"not a request line: {lines[0][:80]!r}")
        headers = _headers(lines[1:])
        self._head = words[0], words[1]
        self._missing = int(headers.get("content-length", "0"))
        self._skipping = self._missing > MAX_RESPONSE
        self._expects_continue = headers.get("expect", "").lower() == "100-continue"
        return True

    def _skip(self, head: tuple[str, str]) -> Request | None:
        dropped = min(self._missing, len(self._buffer))
        del self._buffer[:dropped]
        self._missing -= dropped
        if self._missing:
            return None
        self._head, self._skipping = None, False
        return Request(*head, b"", oversize=True)


def understand(request: Request) -> Said:
    """What the runtime says with a request."""
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
            return InitFailed(request.body)
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


def _headers(lines: list[str]) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
