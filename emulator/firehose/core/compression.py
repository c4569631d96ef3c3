"""The compression of delivered objects. Pure.

Snappy is the framing format with checksums, Hadoop's is blocks with lengths in front.
Sources: https://github.com/google/snappy/blob/main/framing_format.txt and Hadoop's BlockCompressorStream.
"""

import gzip
import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from enum import Enum
from typing import TYPE_CHECKING

from awscrt.checksums import crc32c  # type: ignore[import-untyped]

if TYPE_CHECKING:
    import pyarrow as pa

FRAME = 65536  # most uncompressed bytes of one chunk of the framing format
HADOOP_BLOCK = 256 * 1024
_EPOCH = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # the oldest date that a ZIP entry can carry: the bytes depend on the data alone


class Compression(Enum):
    """The formats, by the names of the API."""

    UNCOMPRESSED = "UNCOMPRESSED"
    GZIP = "GZIP"
    ZIP = "ZIP"
    SNAPPY = "Snappy"
    HADOOP_SNAPPY = "HADOOP_SNAPPY"

    @property
    def extension(self) -> str:
        """What Firehose puts at the end of the object's name unless told otherwise."""
        return _EXTENSIONS[self]

    def compress(self, data: bytes, name: str) -> bytes:
        """`data` in this format; `name` is that of the one file in a ZIP archive."""
        return _COMPRESSORS[self](data, name)


def _zip(data: bytes, name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _slices(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def _codec() -> "pa.Codec":
    """Imported when something is compressed so: it takes some thirty megabytes."""
    import pyarrow as pa

    return pa.Codec("snappy")


def _snappy(data: bytes, _name: str) -> bytes:
    codec = _codec()
    out = bytearray(b"\xff\x06\x00\x00sNaPpY")
    for piece in _slices(data, FRAME):
        crc = crc32c(piece)
        masked = (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
        body = struct.pack("<I", masked) + codec.compress(piece, asbytes=True)
        out += b"\x00" + len(body).to_bytes(3, "little") + body
    return bytes(out)


def _hadoop_snappy(data: bytes, _name: str) -> bytes:
    codec = _codec()
    out = bytearray()
    for piece in _slices(data, HADOOP_BLOCK):
        body = codec.compress(piece, asbytes=True)
        out += struct.pack(">II", len(piece), len(body)) + body
    return bytes(out)


_EXTENSIONS = {
    Compression.UNCOMPRESSED: "",
    Compression.GZIP: ".gz",
    Compression.ZIP: ".zip",
    Compression.SNAPPY: ".snappy",
    Compression.HADOOP_SNAPPY: ".hsnappy",
}
_COMPRESSORS: dict[Compression, Callable[[bytes, str], bytes]] = {
    Compression.UNCOMPRESSED: lambda data, _name: data,
    Compression.GZIP: lambda data, _name: gzip.compress(data, mtime=0),
    Compression.ZIP: _zip,
    Compression.SNAPPY: _snappy,
    Compression.HADOOP_SNAPPY: _hadoop_snappy,
}
