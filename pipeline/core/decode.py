"""Turns an Avro body into a record and back; what cannot be decoded comes back as a rejection, never as an error.

Avro specification, "Binary Encoding" and "Schema Resolution". Records are read by `pipeline.avro.binary`, which takes
them from anybody, and written by fastavro (docs/decisions/0003-our-own-decoder.md).
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from io import BytesIO
from struct import error as StructError  # noqa: N812
from typing import Any

from fastavro import schemaless_writer

from wavetank.pipeline.avro import binary
from wavetank.pipeline.avro.events import ID_FIELD, TIME_FIELD
from wavetank.pipeline.core.schema import FIRST_TIME_US, LAST_TIME_US, Schema
from wavetank.pipeline.records import Event, Fields, Reason, Rejection

UNENCODABLE = (ValueError, TypeError, OverflowError, LookupError, AttributeError, StructError)
"""What the writer raises where fields do not fit the schema."""


def decode(body: bytes, writer: Schema, reader: Schema | None = None) -> Event | Rejection:
    """The event in `body`, written with `writer` and seen through `reader` (by default as it was written).

    A time in another unit than the reader's is converted. The records themselves may have different names.
    """
    reader = reader or writer
    if unlandable := writer.unlandable or reader.unlandable:
        title = (writer if writer.unlandable else reader).title
        return Rejection(Reason.DOES_NOT_FIT, f"{title}: {unlandable}", _id_in_front(body, writer))
    try:
        fields = binary.decode(body, _reader(writer, reader))
    except binary.TrailingBytes as error:
        return Rejection(Reason.TRAILING_BYTES, str(error), _id_in_front(body, writer))
    except (binary.Malformed, RecursionError) as error:
        return Rejection(Reason.UNDECODABLE, f"{writer.key}: {error}", _id_in_front(body, writer))
    if writer.micros_per_time_unit != reader.micros_per_time_unit:
        fields[TIME_FIELD] = fields[TIME_FIELD] * writer.micros_per_time_unit // reader.micros_per_time_unit
    return identify(fields, reader)


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
    read, at = _reader(writer, writer), 0
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


@lru_cache(256)
def _reader(writer: Schema, reader: Schema) -> binary.Read:
    if unreadable := writer.unreadable or reader.unreadable:
        return binary.refusing(f"the schema {unreadable}")
    return binary.reader_of_fields(writer.avro, reader.avro)
