"""Turns an Avro body into a record and back; what cannot be decoded comes back as a rejection, never as an error.

Avro specification, "Binary Encoding" and "Schema Resolution". Records are read by `pipeline.avro.binary`, which takes
them from anybody, and written by fastavro (docs/decisions/0003-our-own-decoder.md).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from struct import error as StructError  # noqa: N812
from typing import Any

from fastavro import schemaless_writer

from wavetank.pipeline.avro import binary, storable
from wavetank.pipeline.avro.events import ID_FIELD, TIME_FIELD
from wavetank.pipeline.core.schema import FIRST_TIME_US, LAST_TIME_US, Role, Schema
from wavetank.pipeline.records import Event, Fields, Reason, Rejection

UNENCODABLE = (ValueError, TypeError, OverflowError, LookupError, AttributeError, StructError)
"""What the writer raises where fields do not fit the schema."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """The body of an event that is stored, and the time and id that decide where."""

    time_us: int
    event_id: bytes
    body: bytes


def decode(body: bytes, writer: Schema, reader: Schema | None = None) -> Event | Rejection:
    """The event in `body`, written with `writer` and seen through `reader` (by default as it was written).

    A time in another unit than the reader's is converted. The records themselves may have different names. What is read
    as processed has to fit the columns of its types (`pipeline.avro.storable`).
    """
    reader = reader or writer
    if unlandable := writer.unlandable or reader.unlandable:
        title = (writer if writer.unlandable else reader).title
        return Rejection(Reason.DOES_NOT_FIT, f"{title}: {unlandable}", _id_in_front(body, writer))
    try:
        try:
            fields = binary.decode(body, _reader(writer, reader))
        except binary.DoesNotFit:
            return _misfit(binary.decode(body, _reader(writer, reader, as_is=True)), reader)
    except binary.TrailingBytes as error:
        return Rejection(Reason.TRAILING_BYTES, str(error), _id_in_front(body, writer))
    except (binary.Malformed, RecursionError) as error:
        return Rejection(Reason.UNDECODABLE, f"{writer.key}: {error}", _id_in_front(body, writer))
    if writer.micros_per_time_unit != reader.micros_per_time_unit:
        fields[TIME_FIELD] = fields[TIME_FIELD] * writer.micros_per_time_unit // reader.micros_per_time_unit
    return identify(fields, reader)


def resolve(body: bytes, writer: Schema, target: Schema) -> StoredEvent | Rejection:
    """The event in `body` as it is stored in `target`: the same bytes where that is what it was written with."""
    event = decode(body, writer, target)
    if isinstance(event, Rejection):
        return event
    if writer.fingerprint != target.fingerprint:
        try:
            body = encode(event.fields, target)
        except UNENCODABLE as error:
            return Rejection(Reason.DOES_NOT_FIT, f"{target.title}: cannot be written: {error}", event.id)
    return StoredEvent(event.time_us, event.id.encode(), body)


def identify(fields: Fields, schema: Schema) -> Event | Rejection:
    """`fields` as an event: with an id, and a time that can be filed under a date."""
    event_id, time = fields.get(ID_FIELD), fields.get(TIME_FIELD)
    if not isinstance(event_id, str) or not event_id:
        return Rejection(Reason.MISSING_ID, f"{ID_FIELD} is {event_id!r}")
    if not isinstance(time, int):
        return Rejection(Reason.INVALID_TIME, f"{TIME_FIELD} is {time!r}", event_id)
    time_us = time * schema.micros_per_time_unit
    if not FIRST_TIME_US <= time_us <= LAST_TIME_US:
        return Rejection(Reason.INVALID_TIME, f"{TIME_FIELD} {time} is not between the years 1 and 9999", event_id)
    return Event(event_id, time_us, fields)


def encode(fields: Mapping[str, Any], schema: Schema) -> bytes:
    """The Avro body of `fields`; raises one of UNENCODABLE where they do not fit the schema."""
    out = BytesIO()
    schemaless_writer(out, schema.physical, fields)
    return out.getvalue()


def records(data: bytes, count: int, writer: Schema) -> Iterator[bytes]:
    """The bodies of `count` records back to back; raises Malformed where they are not that."""
    read, at = _reader(writer, writer, as_is=True), 0
    try:
        for _ in range(count):
            _, end = read(data, at, [0, 0])
            yield data[at:end]
            at = end
    except (IndexError, UnicodeDecodeError, RecursionError) as error:
        raise binary.Malformed(f"one of its records cannot be read: {error}") from error
    if at != len(data):
        raise binary.TrailingBytes(f"{len(data) - at} bytes left after {count} records")


def _id_in_front(body: bytes, writer: Schema) -> str:
    """The id of a record that does not decode, where it is the first field and can be read; else empty."""
    first = writer.avro.fields[0]
    if first.name != ID_FIELD:
        return ""
    try:
        return str(binary.reader_of(first.type)(body, 0, [0, 0])[0])
    except (ValueError, IndexError):
        return ""


def _misfit(fields: Fields, schema: Schema) -> Rejection:
    """The rejection of a record that is sound but for numbers that do not fit their types: of the first of them."""
    checked = [field for field in schema.avro.fields if field.name != TIME_FIELD]
    misfit = next(storable.field_misfits(fields, checked))
    event_id = fields.get(ID_FIELD)
    return Rejection(Reason.DOES_NOT_FIT, f"{schema.title}: {misfit}", event_id if isinstance(event_id, str) else "")


@lru_cache(256)
def _reader(writer: Schema, reader: Schema, *, as_is: bool = False) -> binary.Read:
    """Reads records; unless `as_is`, those that are read as processed have to fit their columns."""
    for schema in (writer, reader):
        if schema.unreadable:
            return binary.refusing(f"the schema {schema.title} {schema.unreadable}")
    if reader.role is Role.PROCESSED and not as_is:
        return binary.storable_reader_of_fields(writer.avro, reader.avro, exempt=TIME_FIELD)
    return binary.reader_of_fields(writer.avro, reader.avro)
