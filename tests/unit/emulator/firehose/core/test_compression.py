"""Compressed objects, read back by other implementations where the environment has one."""

import gzip
import io
import struct
import zipfile
from random import Random

import pyarrow as pa
import pytest

from wavetank.emulator.firehose.core.compression import Compression

TEXT = b"the same again and again, " * 20_000  # more than one frame, more than one block
NOISE = Random(1).randbytes(70_000)


def unframed(data: bytes) -> bytes:
    """What a reader of the framing format gets; checks chunk types, not checksums."""
    assert data.startswith(b"\xff\x06\x00\x00sNaPpY")
    out, at = b"", 10
    while at < len(data):
        kind, size = data[at], int.from_bytes(data[at + 1 : at + 4], "little")
        assert kind == 0
        body = data[at + 8 : at + 4 + size]
        out += pa.Codec("snappy").decompress(body, _uncompressed_size(body), asbytes=True)
        at += 4 + size
    return out


def unblocked(data: bytes) -> bytes:
    """What a reader of Hadoop's blocks gets."""
    out, at = b"", 0
    while at < len(data):
        size, packed = struct.unpack_from(">II", data, at)
        out += pa.Codec("snappy").decompress(data[at + 8 : at + 8 + packed], size, asbytes=True)
        at += 8 + packed
    return out


def _uncompressed_size(body: bytes) -> int:
    size = shift = 0
    for byte in body:
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return size


@pytest.mark.parametrize("data", [b"", b"x", TEXT, NOISE])
def test_what_goes_in_comes_out(data: bytes) -> None:
    def packed(how: Compression) -> bytes:
        return how.compress(data, "name")

    assert packed(Compression.UNCOMPRESSED) == data
    assert gzip.decompress(packed(Compression.GZIP)) == data
    assert zipfile.ZipFile(io.BytesIO(packed(Compression.ZIP))).read("name") == data
    assert unframed(packed(Compression.SNAPPY)) == data
    assert unblocked(packed(Compression.HADOOP_SNAPPY)) == data


@pytest.mark.parametrize("how", list(Compression))
def test_the_same_bytes_compress_to_the_same_bytes(how: Compression) -> None:
    assert how.compress(TEXT, "name") == how.compress(TEXT, "name")


def test_a_snappy_frame_carries_the_masked_checksum_of_its_data() -> None:
    # CRC-32C of "123456789" is 0xE3069283 (RFC 3720, B.4); masked as the framing format says.
    frame = Compression.SNAPPY.compress(b"123456789", "")
    masked = ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) & 0xFFFFFFFF
    assert frame[14:18] == masked.to_bytes(4, "little")


def test_every_format_has_its_extension() -> None:
    assert [how.extension for how in Compression] == ["", ".gz", ".zip", ".snappy", ".hsnappy"]
