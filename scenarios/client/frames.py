"""Reads events off the wire: the frames in a chunk or a record, and of each the id and the time, no more.

The format is that of `scenarios.client.wire`. What is damaged is passed over: what became of it is told by the
quarantine.
"""

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from struct import Struct
from typing import Any, NamedTuple

from fastavro import parse_schema, schemaless_reader

from wavetank.scenarios.client.wire import HEADER_BYTES, MARK, MICROS_PER_MILLI, VERSION, WireSchema
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME

START = bytes([VERSION]) + MARK
_LENGTH, _FINGERPRINT = slice(4, 8), slice(8, 24)
_CHECKED_BYTES = 24
_CHECKS = Struct(">II")


class Frame(NamedTuple):
    """A sound frame: the fingerprint of its schema, its Avro body, and where it starts."""

    fingerprint: bytes
    body: bytes
    offset: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Head:
    """The id and the time (microseconds since the epoch) of an event."""

    event_id: str
    time_us: int


def frames(data: bytes) -> Iterator[Frame]:
    """Every sound frame in `data`, in order; damaged ones and what is between them is passed over."""
    at = data.find(START)
    while at != -1:
        frame = _frame_at(data, at)
        if frame is not None:
            yield frame
        at = data.find(START, at + (HEADER_BYTES + len(frame.body) if frame else 1))


def _frame_at(data: bytes, at: int) -> Frame | None:
    header = data[at : at + HEADER_BYTES]
    if len(header) < HEADER_BYTES:
        return None
    header_check, body_check = _CHECKS.unpack(header[_CHECKED_BYTES:])
    end = at + HEADER_BYTES + int.from_bytes(header[_LENGTH])
    if zlib.crc32(header[:_CHECKED_BYTES]) != header_check or end > len(data):
        return None
    body = data[at + HEADER_BYTES : end]
    return Frame(header[_FINGERPRINT], body, at) if zlib.crc32(body, header_check) == body_check else None


class Heads:
    """Reads the heads of events that were written with one of some schemas."""

    def __init__(self, schemas: Iterable[WireSchema]) -> None:
        self._beginnings = {schema.fingerprint: _Beginning.of(schema) for schema in schemas}

    @classmethod
    def of_files(cls, paths: Iterable[Path]) -> "Heads":
        """For the schemas in these files."""
        return cls(WireSchema.of(json.loads(path.read_text("utf-8"))) for path in paths)

    def read(self, frame: Frame) -> Head | None:
        """The head of the event in a frame; None for one of another schema, or that does not decode."""
        beginning = self._beginnings.get(frame.fingerprint)
        return beginning.read(frame.body) if beginning is not None else None


@dataclass(frozen=True)
class _Beginning:
    """The fields of a schema up to id and time, so that no more of a body is decoded."""

    parsed: Any
    micros: int

    @classmethod
    def of(cls, schema: WireSchema) -> "_Beginning":
        fields = list(schema.definition["fields"])
        names = [entry["name"] for entry in fields]
        last = max(names.index(EVENT_ID), names.index(EVENT_TIME))
        plain = [{**entry, "type": "long"} if entry["name"] == EVENT_TIME else entry for entry in fields[: last + 1]]
        parsed = parse_schema({**schema.definition, "fields": plain})
        return cls(parsed, MICROS_PER_MILLI if schema.time_is_millis else 1)

    def read(self, body: bytes) -> Head | None:
        try:
            fields: Any = schemaless_reader(BytesIO(body), self.parsed, None)
            return Head(str(fields[EVENT_ID]), int(fields[EVENT_TIME]) * self.micros)
        except Exception:
            return None
