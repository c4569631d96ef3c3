"""Schemas and events that the tests of the pipeline share."""

import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from wavetank.pipeline.core import frame
from wavetank.pipeline.core.bulk import batch
from wavetank.pipeline.core.bulk.values import Bodies
from wavetank.pipeline.core.decode import decode, encode
from wavetank.pipeline.core.files import avro_file
from wavetank.pipeline.core.schema import Role, Schema, parse
from wavetank.pipeline.records import Event
from wavetank.pipeline.reference.index import Entry
from wavetank.pipeline.reference.snapshot import Snapshot, write
from wavetank.pipeline.reference.table import Column, ColumnType, Table, Value

NOON_US = 1_574_596_800_000_000
"""2019-11-24 12:00:00 UTC in microseconds."""
HOUR_US = 3_600_000_000


def document(*extra: dict[str, Any], name: str = "Ping") -> dict[str, Any]:
    """An Avro record with id, time, an optional label and `extra` fields."""
    fields: list[dict[str, Any]] = [
        {"name": "event_id", "type": "string"},
        {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "label", "type": ["null", "string"], "default": None},
        *extra,
    ]
    return {"type": "record", "name": name, "namespace": "tests", "fields": fields}


def schema(*extra: dict[str, Any], role: Role = Role.PROCESSED, version: int = 1) -> Schema:
    """`document` as the pipeline knows it, for the event type `ping`."""
    return parse(json.dumps(document(*extra)), "ping", role, version)


PING = schema()
PING_V2 = schema({"name": "score", "type": ["null", "int"], "default": None}, version=2)


def event(number: int, *, time_us: int = NOON_US, label: str | None = None) -> dict[str, Any]:
    """The fields of one event."""
    return {"event_id": f"id-{number}", "event_time": time_us, "label": label}


def table(columns: Mapping[str, str], *key: str) -> Table:
    """A reference's table: columns by name with their types, and its key, the first column where none is named."""
    parsed = tuple(Column(name, ColumnType.parse(kind)) for name, kind in columns.items())
    return Table(parsed, key or (parsed[0].name,))


def snapshot(shape: Table, *rows: Sequence[Value]) -> tuple[str, bytes]:
    """The digest and the bytes of a snapshot of rows."""
    out = BytesIO()
    return write(shape, rows, out), out.getvalue()


class Published:
    """Reference data by name: since when each snapshot of one is in effect."""

    def __init__(self, **histories: Sequence[tuple[int, bytes]]) -> None:
        self._histories = {
            name: [(Entry(from_us, f"{from_us}"), Snapshot(data)) for from_us, data in history]
            for name, history in histories.items()
        }

    def as_of(self, name: str, arrived_us: int) -> tuple[Entry, Snapshot]:
        """The last that is in effect."""
        return [each for each in self._histories[name] if each[0].from_us <= arrived_us][-1]


def framed(fields: dict[str, Any], written: Schema = PING) -> bytes:
    """An event on the wire."""
    return frame.encode(written.fingerprint, encode(fields, written))


def contained(bodies: Sequence[bytes], written: Schema = PING) -> bytes:
    """A container file of `bodies`."""
    out = BytesIO()
    writer = avro_file.Writer(out, written)
    writer.add(Bodies.of(bodies))
    writer.close()
    return out.getvalue()


def bodies_in(data: bytes, target: Schema = PING) -> list[bytes]:
    """The bodies of a file that we wrote, as `target` sees them."""
    return [body for records in batch.read(data, target) for body in records.bodies.all()]


def events_in(data: bytes, target: Schema = PING) -> list[Event]:
    """The events of a file that we wrote, as `target` sees them."""
    events = [decode(body, target) for body in bodies_in(data, target)]
    return [decoded for decoded in events if isinstance(decoded, Event)]
