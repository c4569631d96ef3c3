"""Schemas and events that the tests of the pipeline share."""

import json
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from wavetank.pipeline.core import frame
from wavetank.pipeline.core.bulk import batch
from wavetank.pipeline.core.bulk.values import Bodies
from wavetank.pipeline.core.decode import decode, encode
from wavetank.pipeline.core.files import avro_file
from wavetank.pipeline.core.schema import Role, Schema, parse
from wavetank.pipeline.records import Event

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
