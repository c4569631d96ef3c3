"""Finds the place of an event: event type / UTC date / UTC hour / hash bucket of its id; and the key of its shard."""

from datetime import UTC, datetime
from hashlib import md5

from wavetank.pipeline.layout import HOUR, Partition
from wavetank.pipeline.records import Fields

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR_US = 3_600_000_000
"""Microseconds of an hour."""


def route(event_type: str, event_id: str, time_us: int, buckets: int) -> Partition:
    """The partition of an event by its type, id and time in microseconds since the epoch."""
    bucket = bucket_of_digest(digest_of(event_id.encode()), buckets)
    return Partition(event_type, *hour_of(time_us // HOUR_US), bucket)


def hour_of(number: int) -> tuple[str, int]:
    """Date and hour of the `number`-th hour since the epoch."""
    when = EPOCH + number * HOUR
    return when.date().isoformat(), when.hour


def digest_of(event_id: bytes) -> bytes:
    """The digest of an id in UTF-8, its MD5."""
    return md5(event_id, usedforsecurity=False).digest()


def bucket_of_digest(digest: bytes, buckets: int) -> int:
    """The hash bucket of an id: the first 32 bits of its digest, modulo `buckets`."""
    return int.from_bytes(digest[:4]) % buckets


def partition_key(fields: Fields, name: str, event_id: str) -> str:
    """The key by which an event is put on a stream: the value of a field, as a text, or the id where it has none.

    Kinesis takes no empty key ("PutRecords", `PartitionKey`).
    """
    value = fields.get(name)
    return event_id if value is None else str(value) or event_id
