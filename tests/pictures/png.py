"""PNG files made small: cropped to what is drawn, in the 256 colours that are used most.

Source: Portable Network Graphics Specification (third edition), "Filtering", "Chunk specifications".
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {2: 3, 6: 4}
"""Of a picture in true colour, without and with transparency."""
COLOURS = 256
MARGIN = 16
"""Rows that are left below what is drawn."""

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
"""Rows, columns, and red, green and blue."""


def read(data: bytes) -> Pixels:
    """The pixels of a picture of eight bits a channel in true colour, as browsers write it. Raises ValueError."""
    chunks = list(_chunks(data))
    width, height, depth, kind, *rest = struct.unpack(">IIBBBBB", chunks[0][1])
    if depth != 8 or kind not in CHANNELS or any(rest):
        raise ValueError(f"a picture of {depth} bits and kind {kind} is not read here")
    size = CHANNELS[kind]
    lines = zlib.decompress(b"".join(content for name, content in chunks if name == b"IDAT"))
    stride = width * size + 1
    rows = [np.zeros((width, size), np.uint8)]
    for at in range(0, height * stride, stride):
        line = np.frombuffer(lines[at + 1 : at + stride], np.uint8).reshape(width, size)
        rows.append(_unfiltered(lines[at], line, rows[-1]))
    return np.stack(rows[1:])[:, :, :3]


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def _unfiltered(kind: int, line: Pixels, above: Pixels) -> Pixels:
    """Put back what a filter took from a line: nothing, left, above, the mean of both, or the nearest of three."""
    if kind < 2:
        return np.cumsum(line, axis=0, dtype=np.uint8) if kind else line
    if kind == 2:
        return line + above
    filtered, up, size = line.ravel().tolist(), above.ravel().tolist(), line.shape[1]
    whole: list[int] = []
    for at, value in enumerate(filtered):
        left, corner = (whole[at - size], up[at - size]) if at >= size else (0, 0)
        if kind == 3:
            whole.append((value + (left + up[at]) // 2) & 255)
            continue
        # The nearest to left + above - corner; of equals left comes before above, and both before the corner.
        to_left, to_up, to_corner = abs(up[at] - corner), abs(left - corner), abs(left + up[at] - 2 * corner)
        nearest = left if to_left <= to_up and to_left <= to_corner else up[at] if to_up <= to_corner else corner
        whole.append((value + nearest) & 255)
    return np.array(whole, np.uint8).reshape(line.shape)


def cropped(pixels: Pixels) -> Pixels:
    """The picture without the rows of one colour at its end, but for a margin."""
    drawn = np.flatnonzero((pixels != pixels[-1, :1]).any(axis=(1, 2)))
    return pixels[: int(drawn[-1]) + 1 + MARGIN] if len(drawn) else pixels


def written(pixels: Pixels) -> bytes:
    """The picture as a file of 256 colours: others are the nearest of those that most pixels have."""
    flat = pixels.reshape(-1, 3).astype(np.int64)
    numbers = flat[:, 0] << 16 | flat[:, 1] << 8 | flat[:, 2]
    colours, places, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    channels = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1)
    palette = channels[np.argsort(-counts, kind="stable")[:COLOURS]]
    nearest = np.array([((palette - colour) ** 2).sum(axis=1).argmin() for colour in channels], np.uint8)
    height, width = pixels.shape[:2]
    rows = np.zeros((height, width + 1), np.uint8)
    rows[:, 1:] = nearest[places.reshape(height, width)]
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", palette.astype(np.uint8).tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    )
    return SIGNATURE + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )
