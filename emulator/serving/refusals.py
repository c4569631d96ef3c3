"""Requests that are refused by the server itself, before any service has seen them.

Refusal
├── BadRequest       not HTTP/1.1, or a target that is none
├── TargetTooLong    more than `LARGEST_TARGET` bytes
├── HeadTooLarge     more than `LARGEST_HEAD` bytes
├── TooSlow          the client stopped, or drips
├── NotImplemented   a method for proxies
├── NotLetIn         a web page's, or to a name that is not the stack's
└── BodyNotKept      the disk has no room for the body, or does not work

The sender of a request that the guard does not let in is answered in a form that it reads, and the log has a line of
each, up to a rate.
"""

import errno
import json
import logging
import threading
import time
from collections.abc import Iterable
from http import HTTPStatus

from wavetank.emulator.runtime.guard import Denial, Header

LOG = logging.getLogger(__name__)
LINES = 10
PER_S = 10.0
"""At most `LINES` lines are logged in so many seconds: a page can ask as often as it likes."""
LONGEST_LINE = 200
"""Characters of a target that are logged."""


class Refusal(Exception):
    """A request that gets no answer but this one, with which its connection ends; the text is for its sender."""

    status = HTTPStatus.BAD_REQUEST

    def answer(self) -> bytes:
        """The whole answer as HTTP/1.1 has it; the connection ends with it."""
        return plain_answer(self.status, str(self))


class BadRequest(Refusal):
    """Bytes that are no request of HTTP/1.1 (RFC 9112)."""


class TargetTooLong(Refusal):
    """A request target that is longer than any that a service reads."""

    status = HTTPStatus.REQUEST_URI_TOO_LONG


class HeadTooLarge(Refusal):
    """A head, a trailer section or the extensions of a chunk without end."""

    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


class TooSlow(Refusal):
    """A request whose rest does not come, or comes too slowly."""

    status = HTTPStatus.REQUEST_TIMEOUT


class MethodNotImplemented(Refusal):
    """A method that asks for a proxy (RFC 9110, 9.3.6)."""

    status = HTTPStatus.NOT_IMPLEMENTED


class BodyNotKept(Refusal):
    """A body that could not be written to its file, which is the trouble of this machine and not of the sender."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"the stack cannot keep the body of this request: {error.strerror or error}")
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        self.status = HTTPStatus.INSUFFICIENT_STORAGE if full else HTTPStatus.INTERNAL_SERVER_ERROR


class NotLetIn(Refusal):
    """A request that the guard denies, by its head."""

    def __init__(self, denial: Denial, method: str, target: bytes, headers: list[Header]) -> None:
        super().__init__(denial.message)
        self.denial, self.method, self.target = denial, method, target
        self.status = denial.status
        self._headers = headers

    def answer(self) -> bytes:
        """The whole answer, for a program or for a person, as the request asks."""
        return message(self.denial, self.method, self._headers)


def plain_answer(status: HTTPStatus, why: str) -> bytes:
    """A whole answer of one sentence, with which its connection ends."""
    body = f"{why}\n".encode()
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/plain\r\n"
    return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


def answer(denial: Denial, headers: Iterable[Header]) -> tuple[list[Header], bytes]:
    """The headers and the body of the answer: a sentence for who reads it in a browser, else JSON.

    The JSON is that of the control API, with what SDKs of services that speak JSON look for beside it.
    """
    accepted = b",".join(value for name, value in headers if name.lower() == b"accept")
    if b"text/html" in accepted:
        kind, body = b"text/plain; charset=utf-8", f"Not let in: {denial.message}\n"
    else:
        error = {"code": denial.reason, "message": denial.message}
        kind, body = (
            b"application/json",
            json.dumps({"__type": denial.reason, "message": denial.message, "error": error}),
        )
    encoded = body.encode()
    return [
        (b"Content-Type", kind),
        (b"Content-Length", b"%d" % len(encoded)),
        (b"X-Content-Type-Options", b"nosniff"),
        (b"Cache-Control", b"no-store"),
    ], encoded


def message(denial: Denial, method: str, headers: Iterable[Header]) -> bytes:
    """The whole answer as HTTP/1.1 has it; the connection ends with it."""
    fields, body = answer(denial, headers)
    lines = [b"HTTP/1.1 %d %b" % (denial.status, denial.status.phrase.encode())]
    lines += [b"%b: %b" % field for field in [*fields, (b"Connection", b"close")]]
    return b"\r\n".join(lines) + b"\r\n\r\n" + (b"" if method == "HEAD" else body)


class DenialLog:
    """A line in the log for each request that is not let in, up to a rate; those left out are counted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since = -PER_S
        self._lines = self._omitted = 0

    def note(self, denial: Denial, method: str, target: bytes) -> None:
        """Log a line, unless there were too many in the last seconds."""
        with self._lock:
            now = time.monotonic()
            if now - self._since >= PER_S:
                omitted, self._since, self._lines, self._omitted = self._omitted, now, 0, 0
                if omitted:
                    LOG.warning("%d more requests were not let in", omitted)
            self._lines += 1
            if self._lines > LINES:
                self._omitted += 1
                return
        where = target[:LONGEST_LINE].decode("latin-1")
        LOG.warning("not let in (%s): %s %r: %s", denial.reason, method, where, denial.message)


DENIALS = DenialLog()
