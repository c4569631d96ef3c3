"""Packs several user records into one Kinesis record, as the Kinesis Producer Library does, and unpacks them.

Format: "KPL Aggregated Record Format" (awslabs/amazon-kinesis-producer, aggregation-format.md): magic number, protocol
buffers message with a table of partition keys and the records, MD5 of the message.
"""

import hashlib
from collections.abc import Iterator, Sequence

from wavetank.scenarios.client.batches import MAX_KEY_CHARACTERS, Message

MAGIC = bytes.fromhex("f3899ac2")
KEYS, HASH_KEYS, RECORDS = 1, 2, 3
KEY_INDEX, HASH_KEY_INDEX, DATA = 1, 2, 3
VARINT, DELIMITED = 0, 2
DIGEST_BYTES = 16
LONGEST_SHIFT = 63


def aggregate(messages: Sequence[Message], hash_keys: Sequence[str] = ()) -> Message:
    """The message that carries all of `messages`, under the key of the first; they are of one stream.

    hash_keys: the explicit hash key of each, in decimal, empty for none.
    """
    table = [key for key in dict.fromkeys(hash_keys) if key]
    keys = b"".join(_delimited(KEYS, message.key.encode()) for message in messages)
    hashes = b"".join(_delimited(HASH_KEYS, key.encode()) for key in table)
    records = b""
    for index, message in enumerate(messages):
        record = _tag(KEY_INDEX, VARINT) + _varint(index)
        if hash_keys and hash_keys[index]:
            record += _tag(HASH_KEY_INDEX, VARINT) + _varint(table.index(hash_keys[index]))
        records += _delimited(RECORDS, record + _delimited(DATA, message.data))
    body = keys + hashes + records
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    return Message(messages[0].stream, messages[0].key, MAGIC + body + digest)


def user_data(data: bytes) -> list[bytes]:
    """The bytes of every user record in a Kinesis record: of an aggregate's several, of another the one it is.

    An aggregate with a partition key that Kinesis would not take is one record.
    """
    body, digest = data[len(MAGIC) : -DIGEST_BYTES], data[-DIGEST_BYTES:]
    if not data.startswith(MAGIC) or hashlib.md5(body, usedforsecurity=False).digest() != digest:
        return [data]
    try:
        fields = list(_fields(body))
        keys = [value.decode() for number, value in fields if number == KEYS]
        records = [value for number, value in fields if number == RECORDS]
        inside = [value for record in records for number, value in _fields(record) if number == DATA]
    except (IndexError, UnicodeDecodeError):
        return [data]
    sound = len(inside) == len(records) > 0 and all(1 <= len(key) <= MAX_KEY_CHARACTERS for key in keys)
    return inside if sound else [data]


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of each length-delimited field of a protocol buffers message; numbers are passed over."""
    at = 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        length, at = _read_varint(message, at)
        if tag & 0b111 == DELIMITED:
            yield tag >> 3, message[at : at + length]
            at += length


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at `at`, and where it ends."""
    value = shift = 0
    while data[at] > 0x7F:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if shift > LONGEST_SHIFT:
            raise IndexError("a number of more than 64 bits")
    return value | data[at] << shift, at + 1


def _delimited(number: int, value: bytes) -> bytes:
    return _tag(number, DELIMITED) + _varint(len(value)) + value


def _tag(number: int, wire_type: int) -> bytes:
    return _varint(number << 3 | wire_type)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
