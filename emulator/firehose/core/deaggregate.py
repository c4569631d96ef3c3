"""The records inside an aggregate of the Kinesis Producer Library, which packs several into one record. Pure.

Firehose takes them out before it delivers or transforms; a record that is no aggregate passes as it is.
Source: https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md; what a key may be: Amazon
Kinesis Data Streams API Reference, PutRecordsRequestEntry.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

MAGIC = b"\xf3\x89\x9a\xc2"
_DIGEST = 16  # bytes of MD5 at the end
_PARTITION_KEYS, _HASH_KEYS, _RECORDS = 1, 2, 3  # fields of AggregatedRecord
_KEY_INDEX, _HASH_INDEX, _DATA = 1, 2, 3  # fields of Record
_LONGEST_KEY = 256
_HASH_KEY = re.compile(rb"0|[1-9][0-9]{0,38}")
_HASH_KEYS_END = 2**128
_LONGEST_VARINT = 10


@dataclass(frozen=True)
class UserRecord:
    """A record as its producer made it."""

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
        # Each record takes its key along: one without a bound would be multiplied by the number of records.
        return whole


def _unpacked(body: bytes) -> Iterator[UserRecord]:
    fields = list(_fields(body))
    keys = [value.decode() for value in _all(fields, _PARTITION_KEYS)]
    hashes = _all(fields, _HASH_KEYS)
    records = _all(fields, _RECORDS)
    if not records or not all(1 <= len(key) <= _LONGEST_KEY for key in keys):
        raise _NotAnAggregateError
    if not all(_HASH_KEY.fullmatch(value) and int(value) < _HASH_KEYS_END for value in hashes):
        raise _NotAnAggregateError
    for packed in records:
        record = dict(_fields(packed))
        index, hashed, data = (record.get(number) for number in (_KEY_INDEX, _HASH_INDEX, _DATA))
        if not isinstance(index, int) or not isinstance(data, bytes):
            raise _NotAnAggregateError
        if isinstance(hashed, int) and hashed >= len(hashes):
            raise _NotAnAggregateError
        yield UserRecord(keys[index], data)


def _all(fields: list[tuple[int, int | bytes]], field: int) -> list[bytes]:
    return [value for number, value in fields if number == field and isinstance(value, bytes)]


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
    value = 0
    for number in range(_LONGEST_VARINT):
        byte = message[at + number]
        value |= (byte & 0x7F) << 7 * number
        if byte < 0x80:
            return value, at + number + 1
    raise _NotAnAggregateError
