"""Takes apart Kinesis records that the Kinesis Producer Library has packed several user records into.

Format: "KPL Aggregated Record Format" (awslabs/amazon-kinesis-producer, aggregation-format.md): magic number,
protocol buffers message, MD5 of the message. Keys are what a record of its own may have (Amazon Kinesis Data Streams
API Reference, PutRecordsRequestEntry): each user record carries its key on, so one without a bound would be multiplied.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import md5

MAGIC = bytes.fromhex("f3899ac2")
DIGEST_BYTES = 16
KEY_TABLE, HASH_TABLE, RECORDS = 1, 2, 3
RECORD_KEY_INDEX, RECORD_HASH_INDEX, RECORD_DATA = 1, 2, 3
MAX_KEY_CHARACTERS = 256
HASH = re.compile("0|[1-9][0-9]{0,38}")
HASHES = 2**128
VARINT, FIXED64, DELIMITED, FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class UserRecord:
    """A record as a producer put it: its partition key and its bytes."""

    partition_key: str
    data: bytes


def deaggregate(data: bytes, partition_key: str) -> list[UserRecord]:
    """The user records in a Kinesis record; the record itself where it is not an aggregate.

    As the Kinesis Client Library does it: what has the magic number but fails its digest or does not parse is
    an ordinary record. So is what holds no record, or a key that Kinesis would not take.
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
    hashes = 0
    packed: list[bytes] = []
    for number, value in _fields(message):
        if number == KEY_TABLE and isinstance(value, bytes):
            key = value.decode()
            if not 1 <= len(key) <= MAX_KEY_CHARACTERS:
                raise ValueError(f"a partition key of {len(key)} characters")
            keys.append(key)
        elif number == HASH_TABLE and isinstance(value, bytes):
            if not HASH.fullmatch(value.decode()) or int(value) >= HASHES:
                raise ValueError("an explicit hash key that is none")
            hashes += 1
        elif number == RECORDS and isinstance(value, bytes):
            packed.append(value)
    if not packed:
        raise ValueError("no record")
    return [_user_record(record, keys, hashes) for record in packed]


def _user_record(record: bytes, keys: list[str], hashes: int) -> UserRecord:
    key_index = data = None
    for number, value in _fields(record):
        if number == RECORD_KEY_INDEX and isinstance(value, int):
            key_index = value
        elif number == RECORD_HASH_INDEX and isinstance(value, int) and value >= hashes:
            raise ValueError(f"explicit hash key {value} of {hashes}")
        elif number == RECORD_DATA and isinstance(value, bytes):
            data = value
    if key_index is None or data is None:
        raise ValueError("a record lacks its key or its data")
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
