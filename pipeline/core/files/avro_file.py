"""Avro object container files from bodies that are already encoded, the same bytes for the same bodies.

Avro specification, "Object Container Files". The sync marker is a constant and the codec level is fixed, so that a file
is a function of its schema and bodies alone. A part file has an index of its records in its header, which others pass
over: with it a reader knows every record's bytes and id digest without reading the records.
"""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

import numpy as np

from wavetank.pipeline.avro import binary
from wavetank.pipeline.avro.binary import Malformed
from wavetank.pipeline.avro.model import Map, Primitive
from wavetank.pipeline.core.bulk.digests import SIZE, Digests
from wavetank.pipeline.core.bulk.values import Bodies, Ints, padded
from wavetank.pipeline.core.decode import records
from wavetank.pipeline.core.marker import SYNC
from wavetank.pipeline.core.schema import Role, Schema, parse
from wavetank.pipeline.core.sizes import SIZES, Sizes
from wavetank.pipeline.errors import SchemaError

MAGIC = b"Obj\x01"
INDEX = "wavetank.index"
"""In the header, as base64, since readers take metadata for text: of each record the length of its body, four bytes
little-endian; then of each the digest of its id."""
CHECKSUM = "wavetank.crc32"
"""In the header of a part: CRC-32 of the schema's text, the index's and all bodies, as eight hexadecimal digits."""
LEVEL = 1
MOST_BLOCK_BYTES = 16 * 1024 * 1024
"""Bytes of an inflated block: ours end with the record that fills 64 KiB at most, and a record is put with 1 MiB."""
MOST_PART_BYTES = 256 * 1024 * 1024
"""Bytes of the records of a part: it is made of one chunk, for which Firehose buffers 128 MiB at most."""
INDEX_ENTRY = 4 + SIZE
LONGEST_REASON = 300
METADATA = binary.reader_of(Map(Primitive("bytes")))
LONG = binary.reader_of(Primitive("long"))


class DamagedFile(ValueError):
    """A file of ours is not as we wrote it: never the data's fault."""


@dataclass(frozen=True, slots=True)
class Index:
    """The index in the header of a part: the lengths of its records' bodies, and the digests of their ids.

    `header_crc` is the checksum of schema and index, `crc` the one of all; None in parts from before there was one.
    """

    lengths: Ints
    digests: Digests
    header_crc: int
    crc: bytes | None


@dataclass(frozen=True, slots=True)
class File:
    """A container file that was opened."""

    schema: Schema
    index: Index | None
    data: memoryview
    start: int
    deflated: bool

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """The number of records in each block, and their bytes; raises DamagedFile."""
        at = self.start
        while at < len(self.data):
            header = bytes(self.data[at : at + 20])
            try:
                count, length = LONG(header, 0, [0, 0])
                size, length = LONG(header, length, [0, 0])
            except (IndexError, ValueError) as error:
                raise DamagedFile("a block's header cannot be read") from error
            if count < 0 or size < 0:
                raise DamagedFile("a block has a negative size")
            at += length
            block = self.data[at : at + size]
            at += size
            if len(block) != size or self.data[at : at + len(SYNC)] != SYNC:
                raise DamagedFile("a block is cut short, or not followed by the file's marker")
            at += len(SYNC)
            plain = _inflate(block) if self.deflated else bytes(block)
            if len(plain) > MOST_BLOCK_BYTES:
                raise DamagedFile(f"a block has more than {MOST_BLOCK_BYTES:,} bytes")
            yield count, plain

    def bodies(self) -> Iterator[Bodies]:
        """The records of the file as they were written, in batches; raises DamagedFile."""
        if self.index is None:
            for count, block in self.blocks():
                try:
                    yield Bodies.of(list(records(block, count, self.schema)))
                except Malformed as error:
                    raise DamagedFile(f"a block is not what its header and the schema say: {error}") from error
            return
        missing, size, whole = len(self.index.lengths), int(self.index.lengths.sum()), bytearray()
        for count, block in self.blocks() if size <= MOST_PART_BYTES else ():
            whole += block
            missing -= count
            if len(whole) > size:
                break
        if missing or len(whole) != size:
            raise DamagedFile("the index is not that of the records")
        if self.index.crc not in (None, _digits(zlib.crc32(whole, self.index.header_crc))):
            raise DamagedFile("schema, index and records are not those that its checksum was made of")
        ends = np.cumsum(self.index.lengths)
        yield Bodies(padded(whole), ends - self.index.lengths, ends)


def part(schema: Schema, bodies: Sequence[bytes], digests: Sequence[bytes], sizes: Sizes = SIZES) -> bytes:
    """The container file of `bodies`, in their order, with an index; `digests` are the MD5 of their ids."""
    lengths = np.fromiter(map(len, bodies), "<u4", len(bodies))
    index = b64encode(lengths.tobytes() + b"".join(digests))
    crc = zlib.crc32(index, zlib.crc32(_text(schema)))
    pieces, block, size = list[bytes](), list[bytes](), 0
    for body in bodies:
        block.append(body)
        size += len(body)
        if size >= sizes.block_bytes:
            data = b"".join(block)
            crc = zlib.crc32(data, crc)
            pieces.append(_block(len(block), data))
            block, size = [], 0
    if block:
        data = b"".join(block)
        crc = zlib.crc32(data, crc)
        pieces.append(_block(len(block), data))
    header = _header(schema, {INDEX: index, CHECKSUM: _digits(crc)})
    return header + b"".join(pieces)


class Writer:
    """Writes a container file to `out`, as batches come: how they are cut does not show."""

    def __init__(self, out: BinaryIO, schema: Schema, sizes: Sizes = SIZES) -> None:
        self._out = out
        self._block_bytes = sizes.block_bytes
        self._rest = b""
        self._count = 0
        out.write(_header(schema, {}))

    def add(self, bodies: Bodies) -> None:
        """Add bodies that lie back to back."""
        if not len(bodies):
            return
        first = int(bodies.starts[0])
        data = bodies.data[first : int(bodies.ends[-1])].tobytes()
        ends = bodies.ends - first
        begun = start = 0
        while (last := int(np.searchsorted(ends, start + self._block_bytes - len(self._rest))) + 1) <= len(ends):
            end = int(ends[last - 1])
            self._out.write(_block(self._count + last - begun, self._rest + data[start:end]))
            self._rest, self._count, begun, start = b"", 0, last, end
        self._rest += data[start:]
        self._count += len(bodies) - begun

    def close(self) -> None:
        """Write what remains; `out` stays open."""
        if self._count:
            self._out.write(_block(self._count, self._rest))
        self._rest, self._count = b"", 0


def opened(data: bytes | memoryview, event_type: str, role: Role) -> File:
    """The container file in `data`, written with a schema of `event_type`; raises DamagedFile."""
    view = memoryview(data)
    if view[: len(MAGIC)] != MAGIC:
        raise DamagedFile("is no Avro object container file")
    header, at = _metadata(view)
    if view[at : at + len(SYNC)] != SYNC:
        raise DamagedFile("has a marker that is not ours")
    codec = header.get("avro.codec", b"null")
    if codec not in (b"null", b"deflate"):
        raise DamagedFile(f"has a codec that is not ours: {codec[:20]!r}")
    if "avro.schema" not in header:
        raise DamagedFile("has no schema")
    return File(
        schema=_file_schema(header["avro.schema"], event_type, role),
        index=_index(header),
        data=view,
        start=at + len(SYNC),
        deflated=codec == b"deflate",
    )


def _index(header: Mapping[str, bytes]) -> Index | None:
    """The index in a header, if there is one; raises DamagedFile."""
    if INDEX not in header:
        if CHECKSUM in header:
            raise DamagedFile("has a checksum and no index")
        return None
    try:
        packed = b64decode(header[INDEX], validate=True)
    except ValueError as error:
        raise DamagedFile(f"has an index that is no base64: {error}") from error
    count, rest = divmod(len(packed), INDEX_ENTRY)
    if rest:
        raise DamagedFile("has an index that is cut off")
    lengths = np.frombuffer(packed, "<u4", count).astype(np.int64)
    header_crc = zlib.crc32(header[INDEX], zlib.crc32(header["avro.schema"]))
    return Index(lengths, Digests.unpacked(packed[4 * count :]), header_crc, header.get(CHECKSUM))


def _metadata(view: memoryview) -> tuple[Mapping[str, bytes], int]:
    """The header's metadata and where they end: they are read from as many bytes as it takes."""
    size = 64 * 1024
    while True:
        try:
            header, at = METADATA(bytes(view[:size]), len(MAGIC), [0, 0])
            return header, at
        except (IndexError, ValueError) as error:
            if size >= len(view):
                raise DamagedFile("has a header that cannot be read") from error
            size *= 8


def _inflate(block: memoryview) -> bytes:
    """The block's content, or one byte more than may be; raises DamagedFile."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = inflater.decompress(block, MOST_BLOCK_BYTES + 1)
    except zlib.error as error:
        raise DamagedFile(f"a block cannot be inflated: {error}") from error
    if len(plain) <= MOST_BLOCK_BYTES and (not inflater.eof or inflater.unused_data):
        raise DamagedFile("a block's data are cut short, or followed by something")
    return plain


@lru_cache
def _file_schema(text: bytes, event_type: str, role: Role) -> Schema:
    """The schema a file carries; it has no version of its own there. Raises DamagedFile."""
    try:
        schema = parse(text, event_type, role, version=0)
    except SchemaError as error:
        raise DamagedFile(f"has a schema that is none: {str(error)[:LONGEST_REASON]}") from error
    if schema.unreadable:
        raise DamagedFile(f"has a schema that {schema.unreadable}")
    return schema


def _header(schema: Schema, more: Mapping[str, bytes]) -> bytes:
    entries = {"avro.codec": b"deflate", "avro.schema": _text(schema), **more}
    pairs = b"".join(
        long_bytes(len(key)) + key.encode() + long_bytes(len(value)) + value for key, value in entries.items()
    )
    return b"".join([MAGIC, long_bytes(len(entries)), pairs, long_bytes(0), SYNC])


def _digits(crc: int) -> bytes:
    return b"%08x" % crc


def _text(schema: Schema) -> bytes:
    return json.dumps(schema.definition).encode()


def _block(count: int, data: bytes) -> bytes:
    """RFC 1951 without zlib's header and checksum, as the "deflate" codec wants it."""
    squeeze = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    squeezed = squeeze.compress(data) + squeeze.flush()
    return b"".join([long_bytes(count), long_bytes(len(squeezed)), squeezed, SYNC])


def long_bytes(value: int) -> bytes:
    """Avro's zig-zag variable-length long."""
    rest = (value << 1) ^ (value >> 63)
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)
