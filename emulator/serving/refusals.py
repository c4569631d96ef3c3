"""Requests that are refused by the server itself, before any service has seen them.

Refusal
├── BadRequest       not HTTP/1.1, or a target that is none
├── TargetTooLong    more than `LARGEST_TARGET` bytes
├── HeadTooLarge     more than `LARGEST_HEAD` bytes
├── TooSlow          the client stopped, or drips
├── NotImplemented   a method for proxies
└── BodyNotKept      the disk has no room for the body, or does not work
"""

import errno
from http import HTTPStatus


class Refusal(Exception):
    """A request that gets no answer but this one, with which its connection ends; the text is for its sender."""

    status = HTTPStatus.BAD_REQUEST


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
