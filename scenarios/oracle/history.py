"""The history of what the producer did and what came of it: all that the checkers believe about what was sent.

An operation is one attempt to send one event. It is invoked, and it completes as *ok* (the stream
acknowledged it), *fail* (the stream surely refused it) or *unknown* (no answer: it may have been taken or
not). Marks say what the drill itself did and when. One line of JSON each, so that a history can be kept and
read by others: what JSON has no form for is an object with one key of `Form`.
"""

import json
import math
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum

Value = None | bool | int | float | str | bytes | Sequence["Value"] | Mapping[str, "Value"]
"""What a field of an event may hold; a timestamp is a whole number of microseconds since the epoch."""

EVENT_ID = "event_id"
EVENT_TIME = "event_time"


class Form(StrEnum):
    """The key of an object that stands for a value which JSON has no form for; the mark is in front of no other key."""

    BYTES = "$base64"
    FLOAT = "$float"
    MAPPING = "$mapping"
    """The entries of a mapping with a key that begins like one of these."""


MARK = "$"


class Outcome(StrEnum):
    """The end of an attempt, as far as the producer can know."""

    OK = "ok"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Operation:
    """An attempt to send one event.

    content: the fields as sent. payload: SHA-256 (hex) of the bytes put on the stream. invoked_s and
    completed_s: seconds since the run began. reason: the error's code where it was not acknowledged. repeat:
    the producer sent it again on purpose, as a retry does whose first answer was lost. flaw: the reason for which it
    has to be set aside, where it was damaged on purpose; empty for a sound event. size: the number of bytes put.
    """

    event_type: str
    event_id: str
    content: Mapping[str, Value]
    payload: str
    outcome: Outcome
    invoked_s: float
    completed_s: float
    reason: str = ""
    repeat: bool = False
    flaw: str = ""
    size: int = 0

    @property
    def event_time_us(self) -> int:
        """Event time in microseconds since the epoch, UTC."""
        value = self.content[EVENT_TIME]
        if not isinstance(value, int):
            raise TypeError(f"{EVENT_TIME} of {self.event_id} is {value!r}, not a number of microseconds")
        return value


@dataclass(frozen=True, slots=True)
class Mark:
    """A thing that the drill did: `what` in a word or two, `at_s` seconds since the run began."""

    at_s: float
    what: str
    detail: str = ""


@dataclass(frozen=True)
class History:
    """The attempts, in the order in which it was sent, and what the drill did meanwhile.

    arrivals: by payload, the times (microseconds since the epoch, ascending) at which records with these bytes arrived
    at their raw stream, as far as they were looked at: of an attempt without an answer one or none, of one that was
    re-driven one more. Events that share a record arrived together.
    """

    operations: tuple[Operation, ...] = ()
    marks: tuple[Mark, ...] = field(default=())
    arrivals: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def event_types(self) -> tuple[str, ...]:
        """Event types of which at least one event was attempted, sorted."""
        return tuple(sorted({operation.event_type for operation in self.operations}))

    def of(self, event_type: str) -> tuple[Operation, ...]:
        """The operations of one event type."""
        return tuple(operation for operation in self.operations if operation.event_type == event_type)

    def lines(self) -> Iterator[str]:
        """The history as lines of JSON, without line ends: marks first, then operations, then arrivals."""
        for mark in self.marks:
            yield json.dumps({"mark": asdict(mark)}, separators=(",", ":"))
        for operation in self.operations:
            entry = {**asdict(operation), "content": to_json(operation.content)}
            yield json.dumps({"operation": entry}, separators=(",", ":"), allow_nan=False)
        for payload, times in sorted(self.arrivals.items()):
            yield json.dumps({"arrival": {"payload": payload, "at_us": times}}, separators=(",", ":"))


def from_lines(lines: Iterable[str]) -> History:
    """The history that was written as `lines`; empty lines are passed over.

    Raises ValueError for a line that is neither a mark nor an operation nor an arrival.
    """
    marks: list[Mark] = []
    arrivals: dict[str, tuple[int, ...]] = {}
    operations: list[Operation] = []
    for number, line in enumerate(lines, start=1):
        match json.loads(line) if line.strip() else None:
            case None:
                continue
            case {"mark": dict(entry)}:
                marks.append(Mark(**entry))
            case {"operation": dict(entry)}:
                content, outcome = from_json(entry["content"]), Outcome(entry["outcome"])
                operations.append(Operation(**{**entry, "content": content, "outcome": outcome}))
            case {"arrival": {"payload": str(payload), "at_us": [*times]}}:
                arrivals[payload] = tuple(map(int, times))
            case other:
                raise ValueError(f"line {number} is neither a mark nor an operation nor an arrival: {other!r}")
    return History(tuple(operations), tuple(marks), arrivals)


def to_json(value: Value) -> object:
    """A value as JSON has it; `from_json` gives it back."""
    match value:
        case bytes():
            return {Form.BYTES: b64encode(value).decode()}
        case float() if not math.isfinite(value):
            return {Form.FLOAT: str(value)}
        case Mapping():
            entries = {key: to_json(item) for key, item in value.items()}
            is_plain = not any(key.startswith(MARK) for key in entries)
            return entries if is_plain else {Form.MAPPING: list(entries.items())}
        case str() | None | bool() | int() | float():
            return value
    return [to_json(item) for item in value]


def from_json(document: object) -> Value:
    """The value that JSON stands for. Raises ValueError for what `to_json` does not write."""
    match document:
        case {Form.BYTES: str(text)}:
            return b64decode(text, validate=True)
        case {Form.FLOAT: str(text)}:
            return float(text)
        case {Form.MAPPING: [*entries]}:
            return {str(key): from_json(item) for key, item in entries}
        case dict():
            return {str(key): from_json(item) for key, item in document.items()}
        case list():
            return [from_json(item) for item in document]
        case None | bool() | int() | float() | str():
            return document
    raise ValueError(f"{document!r:.80} is no value")
