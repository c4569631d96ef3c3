"""Packs several user records into one Kinesis record, as the Kinesis Producer Library does.

Format: "KPL Aggregated Record Format" (awslabs/amazon-kinesis-producer, aggregation-format.md): magic number, protocol
buffers message with a table of partition keys and the records, MD5 of the message.
"""

import hashlib
from collections.abc import Sequence

from scenarios.client.batches import Message

MAGIC = bytes.fromhex("f3899ac2")
KEYS, RECORDS = 1, 3
KEY_INDEX, DATA = 1, 3
DELIMITED = 2


def aggregate(messages: Sequence[Message]) -> Message:
    """One message that carries all of `messages`, under the key of the first; they are of one stream."""
    keys = b"".join(_delimited(KEYS, message.key.encode()) for message in messages)
    records = b"".join(
        _delimited(RECORDS, _tag(KEY_INDEX, 0) + _varint(index) + _delimited(DATA, message.data))
        for index, message in enumerate(messages)
    )
    body = keys + records
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    return Message(messages[0].stream, messages[0].key, MAGIC + body + digest)


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
