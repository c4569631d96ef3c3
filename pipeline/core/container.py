"""Avro object container files from bodies that are already encoded, the same bytes for the same bodies.

Avro specification, "Object Container Files". The sync marker is a constant and the codec level is fixed, so
that a file is a function of its schema and bodies alone.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any, cast

from fastavro import block_reader

from pipeline.core.decode import decode, encode, records
from pipeline.core.schema import Role, Schema, parse
from pipeline.records import Event, Rejection

MAGIC = b"Obj\x01"
SYNC = bytes.fromhex("77617665 74616e6b 206d6172 6b657231")
BLOCK_BYTES = 64 * 1024
LEVEL = 6


@dataclass(frozen=True, slots=True)
class Stored:
    """An event with the bytes it is stored as."""

    event: Event
    body: bytes


def write(schema: Schema, bodies: Sequence[bytes]) -> bytes:
    """The container file of `bodies`, in their order."""
    header = _map({"avro.codec": b"deflate", "avro.schema": json.dumps(schema.definition).encode()})
    parts = [MAGIC, header, SYNC]
    for block in _blocks(bodies):
        data = _deflate(b"".join(block))
        parts += [_long(len(block)), _long(len(data)), data, SYNC]
    return b"".join(parts)


def read(data: bytes, target: Schema) -> Iterator[Stored]:
    """Each event of a file that `write` made, as `target` sees it, with its body in `target`.

    Files written with an older version of `target` are resolved to it. Raises ValueError where the file is
    damaged: it is our own, so that is never the data's fault.
    """
    for block in block_reader(BytesIO(data)):
        writer = _file_schema(json.dumps(block.writer_schema), target.event, target.role)
        for body in records(_plain(block), block.num_records, writer):
            event = decode(body, writer, target)
            if isinstance(event, Rejection):
                raise ValueError(f"a stored record is no event: {event.message}")
            same = writer.fingerprint == target.fingerprint
            yield Stored(event, body if same else encode(event.fields, target))


def _plain(block: Any) -> bytes:
    """The uncompressed bytes of a block, which fastavro holds as a stream."""
    return cast(bytes, block.bytes_.getvalue())


@lru_cache
def _file_schema(text: str, event: str, role: Role) -> Schema:
    """The schema a file carries; it has no version of its own there."""
    return parse(text, event, role, version=0)


def _blocks(bodies: Iterable[bytes]) -> Iterator[list[bytes]]:
    block: list[bytes] = []
    size = 0
    for body in bodies:
        block.append(body)
        size += len(body)
        if size >= BLOCK_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block


def _deflate(data: bytes) -> bytes:
    """RFC 1951 without zlib's header and checksum, as the "deflate" codec wants it."""
    squeeze = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return squeeze.compress(data) + squeeze.flush()


def _long(value: int) -> bytes:
    """Avro's zig-zag variable-length long."""
    left = (value << 1) ^ (value >> 63)
    out = bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    out.append(left)
    return bytes(out)


def _map(entries: dict[str, bytes]) -> bytes:
    pairs = b"".join(_long(len(key)) + key.encode() + _long(len(value)) + value for key, value in entries.items())
    return _long(len(entries)) + pairs + _long(0)
