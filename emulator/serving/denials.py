"""Requests that the guard does not let in: what their senders are answered, and what the log says of them."""

import json
import logging
import threading
import time
from collections.abc import Iterable

from wavetank.emulator.runtime.guard import Denial, Header

LOG = logging.getLogger(__name__)
LINES = 10
PER_S = 10.0
"""At most `LINES` lines are logged in so many seconds: a page can ask as often as it likes."""
LONGEST_LINE = 200
"""Characters of a target that are logged."""


def answer(denial: Denial, headers: Iterable[Header]) -> tuple[list[Header], bytes]:
    """The headers and the body of the answer: a sentence for who reads it in a browser, else JSON.

    The JSON is that of the control API, with what SDKs of services that speak JSON look for beside it.
    """
    wanted = b",".join(value for name, value in headers if name.lower() == b"accept")
    if b"text/html" in wanted:
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
