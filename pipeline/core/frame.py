"""Frames one Avro body so that a reader finds the next record after a corrupt one.

    offset  size  what
         0     1  version, 0x01
         1     3  mark, b"WTK"
         4     4  length of the body, unsigned big endian
         8    16  fingerprint: MD5 of the parsing canonical form of the body's schema
        24     4  header check: CRC-32 of bytes 0–23
        28     4  body check: CRC-32 of the body, continued from the header check
        32     n  body: the record in Avro binary encoding

A Kinesis record is one frame; a Firehose chunk is frames back to back. The header check makes the length
trustworthy on its own, so a frame with a damaged body is skipped exactly; a damaged header costs a search for
the next mark whose two checks hold.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple
from zlib import crc32

from wavetank.pipeline.records import Reason, Rejection

VERSION = 1
MARK = b"WTK"
START = bytes([VERSION]) + MARK
HEADER = Struct(">4sI16sII")
CHECKED = Struct(">4sI16s")
CHECKS = Struct(">II")
MAX_RECORD = 1024 * 1024
"""Bytes of a Kinesis record by default; a longer frame could not have come from the stream."""
PATIENCE = 64 * 1024 * 1024
"""Bytes of a chunk that are checked in vain: headers can be made to claim the same bytes over and over."""


class Frame(NamedTuple):
    """A sound frame: where it starts, the fingerprint of its schema, its Avro body."""

    offset: int
    fingerprint: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class BadRange:
    """Bytes of a chunk that belong to no sound frame."""

    offset: int
    payload: bytes
    rejection: Rejection


def encode(fingerprint: bytes, body: bytes) -> bytes:
    """The frame of `body`; `fingerprint` is the 16 bytes of its schema."""
    checked = CHECKED.pack(START, len(body), fingerprint)
    header_check = crc32(checked)
    return checked + CHECKS.pack(header_check, crc32(body, header_check)) + body


def decode(data: bytes) -> Frame | Rejection:
    """The one frame that `data` is, whole and with nothing after it; otherwise what is wrong with it."""
    size = len(data)
    if HEADER.size <= size <= MAX_RECORD:
        start, length, fingerprint, header_check, body_check = HEADER.unpack_from(data)
        if start == START and length == size - HEADER.size and crc32(data[: CHECKED.size]) == header_check:
            body = data[HEADER.size :]
            if crc32(body, header_check) == body_check:
                return Frame(0, fingerprint, body)
    if size > MAX_RECORD:
        return Rejection(Reason.OVERSIZE, f"{size} bytes, the limit is {MAX_RECORD}")
    if not data.startswith(START):
        return Rejection(Reason.BAD_FRAME, f"starts with {data[:4].hex(' ') or 'nothing'}, not {START.hex(' ')}")
    frame = _frame_at(data, 0)
    if isinstance(frame, Frame) and _end(frame) < size:
        return Rejection(Reason.TRAILING_BYTES, f"{size - _end(frame)} bytes after a frame of {_end(frame)}")
    return frame


def scan(chunk: bytes) -> Iterator[Frame | BadRange]:
    """Everything in `chunk`, in order: each sound frame, and each range of bytes that is part of none.

    A chunk made of headers whose bodies fail their checks is given up after `PATIENCE`: the rest is one bad range.
    """
    offset, patience = 0, PATIENCE
    while offset < len(chunk):
        frame = _frame_at(chunk, offset)
        if isinstance(frame, Frame):
            yield frame
            offset = _end(frame)
            continue
        following, patience = _resume(chunk, offset, patience)
        yield BadRange(offset, chunk[offset:following], frame)
        offset = following


def _end(frame: Frame) -> int:
    return frame.offset + HEADER.size + len(frame.body)


def _frame_at(data: bytes, offset: int) -> Frame | Rejection:
    length = _length_at(data, offset)
    if length is None:
        return Rejection(Reason.BAD_FRAME, "the header is cut short or fails its check")
    _, _, fingerprint, header_check, body_check = HEADER.unpack_from(data, offset)
    start = offset + HEADER.size
    if start + length > len(data):
        return Rejection(Reason.BAD_FRAME, f"the body has {len(data) - start} of {length} bytes")
    body = data[start : start + length]
    if crc32(body, header_check) != body_check:
        return Rejection(Reason.BAD_FRAME, "the body fails its check")
    return Frame(offset, fingerprint, body)


def _length_at(data: bytes, offset: int) -> int | None:
    """The body length that a sound header at `offset` gives; None where there is no sound header."""
    if len(data) - offset < HEADER.size:
        return None
    start, length, _, header_check, _ = HEADER.unpack_from(data, offset)
    if start != START or length > MAX_RECORD - HEADER.size:
        return None
    sound = crc32(data[offset : offset + CHECKED.size]) == header_check
    return int(length) if sound else None


def _resume(chunk: bytes, offset: int, patience: int) -> tuple[int, int]:
    """Where reading goes on after the bad bytes at `offset`, and the patience that is left.

    With a sound header, right behind its body where a header or the end of the chunk is found there (nothing
    inside a damaged body is ever taken for a frame of its own). Otherwise at the next sound frame.
    """
    length = _length_at(chunk, offset)
    if length is not None:
        end = offset + HEADER.size + length
        if end == len(chunk) or (end < len(chunk) and _length_at(chunk, end) is not None):
            return end, patience - length
    following = chunk.find(START, offset + 1)
    while following != -1 and patience > 0 and not isinstance(_frame_at(chunk, following), Frame):
        patience -= HEADER.size + (_length_at(chunk, following) or 0)
        following = chunk.find(START, following + 1)
    return (len(chunk) if following == -1 or patience <= 0 else following), patience
