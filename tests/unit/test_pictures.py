"""Pictures of the docs are made small without a change that one sees."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pictures import png


def guess(kind: int, left: int, above: int, corner: int) -> int:
    """What a filter takes from a byte."""
    near = left + above - corner
    paeth = min((left, above, corner), key=lambda value: abs(near - value))
    return (0, left, above, (left + above) // 2, paeth)[kind]


def file_of(pixels: png.Pixels, filters: list[int]) -> bytes:
    """A file of true colour as a browser writes it, line by line with these filters."""
    height, width, size = pixels.shape
    lines, above = b"", [0] * (width * size)
    for row, kind in zip(pixels.reshape(height, -1).tolist(), filters, strict=True):
        left = [0] * size + row[:-size]
        corner = [0] * size + above[:-size]
        guessed = [guess(kind, *each) for each in zip(left, above, corner, strict=True)]
        lines += bytes([kind, *((value - by) & 255 for value, by in zip(row, guessed, strict=True))])
        above = row
    header = struct.pack(">IIBBBBB", width, height, 8, {3: 2, 4: 6}[size], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return png.SIGNATURE + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )


@given(st.integers(1, 5), st.sampled_from([3, 4]), st.lists(st.integers(0, 4), min_size=1, max_size=5), st.randoms())
def test_a_picture_is_read_whatever_its_filters_are(width: int, size: int, filters: list[int], random: object) -> None:
    data = random.randbytes(len(filters) * width * size)  # type: ignore[attr-defined]
    pixels = np.frombuffer(data, np.uint8).reshape(len(filters), width, size)
    assert (png.read(file_of(pixels, filters)) == pixels[:, :, :3]).all()


def test_a_picture_of_few_colours_stays_what_it_is() -> None:
    pixels = np.zeros((40, 30, 3), np.uint8)
    pixels[3:8, 2:9] = (200, 10, 30)
    chunks = dict(png._chunks(png.written(pixels)))
    palette = np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)
    indexes = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(40, 31)[:, 1:]
    assert (palette[indexes] == pixels).all()


def test_rows_of_one_colour_at_the_end_are_cut_off_but_for_a_margin() -> None:
    pixels = np.full((90, 30, 3), 255, np.uint8)
    pixels[10] = 0
    assert png.cropped(pixels).shape == (11 + png.MARGIN, 30, 3)


def test_a_picture_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="of 8 bits and kind 3"):
        png.read(png.written(np.zeros((2, 2, 3), np.uint8)))
