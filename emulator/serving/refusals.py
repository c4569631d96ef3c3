"""Requests that are refused by the server itself, before any service has seen them.

Refusal
├── BadRequest       not HTTP/1.1, or a target that is none
├── TargetTooLong    more than `LARGEST_TARGET` bytes
├── HeadTooLarge     more than `LARGEST_HEAD` bytes
├── TooSlow          the client stopped, or drips
├── NotImplemented   a method for proxies
├── NotLetIn         a web page's, or to a name that is not the stack's
└── BodyNotKept      the disk has no room for the body, or does not work
"""

import errno
from http import HTTPStatus

from wavetank.emulator.runtime.guard import Denial, Header
from wavetank.emulator.serving.denials import message


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
