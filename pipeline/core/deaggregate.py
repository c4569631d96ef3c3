"""Takes apart Kinesis records that the Kinesis Producer Library has packed several user records into.

Format: "KPL Aggregated Record Format" (awslabs/amazon-kinesis-producer, aggregation-format.md): magic number,
protocol buffers message, MD5 of the message.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import md5

MAGIC = bytes.fromhex("f3899ac2")
DIGEST_BYTES = 16
KEY_TABLE, RECORDS = 1, 3
RECORD_KEY_INDEX, RECORD_DATA = 1, 3
VARINT, FIXED64, DELIMITED, FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class UserRecord:
    """What a producer put: its partition key and its bytes."""

    partition_key: str
    data: bytes


def deaggregate(data: bytes, partition_key: str) -> list[UserRecord]:
    """The user records in a Kinesis record; the record itself where it is not an aggregate.

    As the Kinesis Client Library does it: what has the magic number but fails its digest or does not parse is
    an ordinary record.
    """
    whole = [UserRecord(partition_key, data)]
    if not data.startswith(MAGIC) or len(data) <= len(MAGIC) + DIGEST_BYTES:
        return whole
    message, digest = data[len(MAGIC) : -DIGEST_BYTES], data[-DIGEST_BYTES:]
    if md5(message, usedforsecurity=False).digest() != digest:
        return whole
    try:
        return _user_records(message)
    except (IndexError, UnicodeDecodeError, ValueError):
        return whole


def _user_records(message: bytes) -> list[UserRecord]:
    keys: list[str] = []
    packed: list[bytes] = []
    for number, value in _fields(message):
        if number == KEY_TABLE and isinstance(value, bytes):
            keys.append(value.decode())
        elif number == RECORDS and isinstance(value, bytes):
            packed.append(value)
    return [_user_record(record, keys) for record in packed]


def _user_record(record: bytes, keys: list[str]) -> UserRecord:
    key_index, data = 0, b""
    for number, value in _fields(record):
        if number == RECORD_KEY_INDEX and isinstance(value, int):
            key_index = value
        elif number == RECORD_DATA and isinstance(value, bytes):
            data = value
    return UserRecord(keys[key_index], data)


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field number and value of each field; raises ValueError or IndexError where the message is cut short."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        length = {FIXED64: 8, FIXED32: 4}.get(wire_type)
        if wire_type == DELIMITED:
            length, at = _varint(message, at)
        if length is None or at + length > len(message):
            raise ValueError(f"wire type {wire_type} at {at} of {len(message)} bytes")
        yield number, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a varint of more than 64 bits")
