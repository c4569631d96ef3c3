"""Lines that did not become events: why, and the file that keeps them so that none is dropped silently."""

import base64
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from io import RawIOBase
from pathlib import Path

LONGEST_MESSAGE = 300
"""Characters kept of a message: what it quotes may be as long as the line, which is kept beside it."""
_OURS = re.compile(rb'\{"line": [0-9]+, "reason": "[a-z-]+", "message": "')
"""The start of a file that an earlier run wrote."""
_LONGEST_START = 100


class RejectReason(StrEnum):
    """The reason why a line is not an event; the value is the code in the file of rejected lines."""

    NOT_UTF8 = "not-utf8"
    NOT_JSON = "not-json"
    NOT_OBJECT = "not-an-object"
    NOT_CSV = "not-csv"
    NO_JSON_VALUE = "no-json-value"
    NOT_FINITE = "not-finite"
    DUPLICATE_NAME = "duplicate-name"
    BAD_TEXT = "bad-text"
    LINE_TOO_LONG = "line-too-long"
    CUT_OFF = "cut-off"
    MISSING_ID = "missing-id"
    BAD_ID = "bad-id"
    MISSING_TIME = "missing-time"
    BAD_TIME = "bad-time"
    BAD_TYPE = "bad-type"
    BAD_RECORD = "bad-record"
    TOO_LARGE = "too-large"
    REFUSED = "refused"
    UNKNOWN_OUTCOME = "unknown-outcome"


@dataclass(frozen=True, slots=True)
class Rejection:
    """A thing that is not an event: a reason for machines and a sentence for people."""

    reason: RejectReason
    message: str


@dataclass
class RejectFile:
    """Newline JSON of rejected lines: `{"line", "reason", "message", "text"}`, numbered from 1.

    A line that is not UTF-8 is kept as `base64` instead of `text`. The file is made with the first rejected
    line, replacing one of an earlier run; a run without any removes that one, and no other file of the name.
    """

    path: Path
    counts: Counter[RejectReason] = field(default_factory=Counter)
    _out: RawIOBase | None = None

    def add(self, line: int, rejection: Rejection, original: bytes) -> None:
        """Keep one line. Raises OSError where the file cannot be written."""
        self.counts[rejection.reason] += 1
        message = rejection.message
        if len(message) > LONGEST_MESSAGE:
            message = f"{message[: LONGEST_MESSAGE - 1]}…"
        entry = {"line": line, "reason": rejection.reason, "message": message}
        try:
            entry["text"] = original.decode("utf-8")
        except UnicodeDecodeError:
            entry["base64"] = base64.b64encode(original).decode("ascii")
        if self._out is None:
            self._out = self.path.open("wb", buffering=0)
        self._out.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        """Finish the file."""
        if self._out is not None:
            self._out.close()
            return
        try:
            with self.path.open("rb") as rejects:
                start = rejects.read(_LONGEST_START)
        except OSError:
            return
        if _OURS.match(start):
            self.path.unlink(missing_ok=True)
