"""Takes the records out of what the Kinesis Producer Library packs into one Kinesis record. Pure.

Firehose does so before it delivers or transforms; whatever is not an aggregate passes as it is.
Source: https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

MAGIC = b"\xf3\x89\x9a\xc2"
_DIGEST = 16  # bytes of MD5 at the end
_PARTITION_KEYS, _RECORDS = 1, 3  # fields of AggregatedRecord
_KEY_INDEX, _DATA = 1, 3  # fields of Record


@dataclass(frozen=True)
class UserRecord:
    """One record as its producer made it."""

    partition_key: str
    data: bytes


class _NotAnAggregateError(ValueError):
    pass


def user_records(data: bytes, partition_key: str) -> tuple[UserRecord, ...]:
    """The records inside an aggregate, in order; the record itself where it is none."""
    whole = (UserRecord(partition_key, data),)
    if not data.startswith(MAGIC) or len(data) <= len(MAGIC) + _DIGEST:
        return whole
    body = data[len(MAGIC) : -_DIGEST]
    if hashlib.md5(body, usedforsecurity=False).digest() != data[-_DIGEST:]:
        return whole
    try:
        return tuple(_unpacked(body))
    except (_NotAnAggregateError, IndexError, UnicodeDecodeError):
        return whole


def _unpacked(body: bytes) -> Iterator[UserRecord]:
    fields = list(_fields(body))
    keys = [value.decode() for number, value in fields if number == _PARTITION_KEYS and isinstance(value, bytes)]
    for number, value in fields:
        if number == _RECORDS and isinstance(value, bytes):
            record = dict(_fields(value))
            index, data = record.get(_KEY_INDEX), record.get(_DATA)
            if not isinstance(index, int) or not isinstance(data, bytes):
                raise _NotAnAggregateError
            yield UserRecord(keys[index], data)


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        value: int | bytes
        match tag & 7:
            case 0:
                value, at = _varint(message, at)
            case 2:
                length, at = _varint(message, at)
                value, at = message[at : at + length], at + length
                if len(value) != length:
                    raise _NotAnAggregateError
            case _:
                raise _NotAnAggregateError
        yield tag >> 3, value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
