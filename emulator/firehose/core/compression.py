"""The compression of delivered objects. Pure.

Snappy is the framing format with checksums, Hadoop's is blocks with lengths in front.
Sources: https://github.com/google/snappy/blob/main/framing_format.txt and Hadoop's BlockCompressorStream.
"""

import gzip
import io
import struct
import zipfile
from collections.abc import Iterator
from enum import Enum

from awscrt.checksums import crc32c  # type: ignore[import-untyped]

FRAME = 65536  # most uncompressed bytes of one chunk of the framing format
HADOOP_BLOCK = 256 * 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest date of a ZIP entry: the bytes depend on the data alone


class Compression(Enum):
    """The formats, by the names of the API."""

    UNCOMPRESSED = "UNCOMPRESSED"
    GZIP = "GZIP"
    ZIP = "ZIP"
    SNAPPY = "Snappy"
    HADOOP_SNAPPY = "HADOOP_SNAPPY"

    @property
    def extension(self) -> str:
        """The end of the object's name, unless another is configured."""
        return _EXTENSIONS[self]

    def compress(self, data: bytes, name: str) -> bytes:
        """`data` in this format; `name` is that of the one file in a ZIP archive."""
        match self:
            case Compression.UNCOMPRESSED:
                return data
            case Compression.GZIP:
                return gzip.compress(data, mtime=0)
            case Compression.ZIP:
                archive_file = io.BytesIO()
                with zipfile.ZipFile(archive_file, "w", zipfile.ZIP_DEFLATED) as archive:
                    archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
                return archive_file.getvalue()
            case Compression.SNAPPY:
                out = bytearray(b"\xff\x06\x00\x00sNaPpY")
                for piece, packed in _snappy_pieces(data, FRAME):
                    crc = crc32c(piece)
                    masked = (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
                    body = struct.pack("<I", masked) + packed
                    out += b"\x00" + len(body).to_bytes(3, "little") + body
                return bytes(out)
            case Compression.HADOOP_SNAPPY:
                return b"".join(
                    struct.pack(">II", len(piece), len(packed)) + packed
                    for piece, packed in _snappy_pieces(data, HADOOP_BLOCK)
                )


def _snappy_pieces(data: bytes, size: int) -> Iterator[tuple[bytes, bytes]]:
    """The pieces of `data`, of `size` bytes at most, as they are and compressed."""
    # Imported when something is compressed so: it takes some thirty megabytes.
    import pyarrow as pa

    codec = pa.Codec("snappy")
    for start in range(0, len(data), size):
        piece = data[start : start + size]
        yield piece, codec.compress(piece, asbytes=True)


_EXTENSIONS = {
    Compression.UNCOMPRESSED: "",
    Compression.GZIP: ".gz",
    Compression.ZIP: ".zip",
    Compression.SNAPPY: ".snappy",
    Compression.HADOOP_SNAPPY: ".hsnappy",
}
