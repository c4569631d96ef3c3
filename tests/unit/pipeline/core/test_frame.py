"""A corrupt frame costs that frame alone."""

import time
from zlib import crc32

from hypothesis import given
from hypothesis import strategies as st

from wavetank.pipeline.core import frame
from wavetank.pipeline.records import Reason, Rejection

FINGERPRINT = bytes(range(16))
NESTED = frame.encode(FINGERPRINT, b"nested")
"""A sound frame inside a body: damage around it must not bring it to life."""
BODIES = [b"first", b"", NESTED, b"fourth" * 3, b"last"]
FRAMES = [frame.encode(FINGERPRINT, body) for body in BODIES]
CHUNK = b"".join(FRAMES)
OFFSETS = [sum(map(len, FRAMES[:number])) for number in range(len(FRAMES))]


def bodies(chunk: bytes) -> list[bytes]:
    return [piece.body for piece in frame.scan(chunk) if isinstance(piece, frame.Frame)]


@given(st.binary(max_size=300), st.binary(min_size=16, max_size=16))
def test_a_frame_gives_back_the_body_and_fingerprint_it_was_made_of(body: bytes, fingerprint: bytes) -> None:
    assert frame.decode(frame.encode(fingerprint, body)) == frame.Frame(0, fingerprint, body)


@given(st.lists(st.binary(max_size=50)))
def test_frames_back_to_back_are_read_in_order(some: list[bytes]) -> None:
    assert bodies(b"".join(frame.encode(FINGERPRINT, body) for body in some)) == some


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_accounted_for_to_the_last_byte(data: bytes) -> None:
    pieces = list(frame.scan(data))
    sizes = [
        len(piece.payload) if isinstance(piece, frame.BadRange) else frame.HEADER.size + len(piece.body)
        for piece in pieces
    ]
    assert sum(sizes) == len(data)


def test_every_single_byte_corruption_costs_exactly_the_frame_it_is_in() -> None:
    for position in range(len(CHUNK)):
        for flip in (0x01, 0x80, 0xFF):
            damaged = bytearray(CHUNK)
            damaged[position] ^= flip
            hit = max(number for number, offset in enumerate(OFFSETS) if offset <= position)
            expected = [body for number, body in enumerate(BODIES) if number != hit]
            assert [body for body in bodies(bytes(damaged)) if body != b"nested"] == expected, (position, flip)
            bad = [piece for piece in frame.scan(bytes(damaged)) if isinstance(piece, frame.BadRange)]
            assert bad[0].offset == OFFSETS[hit]


def test_a_sound_frame_inside_a_damaged_body_stays_what_it_was_bytes_of_a_body() -> None:
    start = OFFSETS[2] + frame.HEADER.size
    damaged = bytearray(CHUNK)
    damaged[start + len(NESTED) - 1] ^= 0xFF
    assert b"nested" not in bodies(bytes(damaged))


def test_every_truncation_of_a_frame_costs_that_frame_alone() -> None:
    for hit, whole in enumerate(FRAMES):
        for end in range(1, len(whole)):
            chunk = b"".join([*FRAMES[:hit], whole[:end], *FRAMES[hit + 1 :]])
            survivors = [body for number, body in enumerate(BODIES) if number != hit]
            assert [body for body in bodies(chunk) if body != b"nested"] == survivors, (hit, end)


def test_bytes_between_frames_are_one_bad_range_with_their_offset() -> None:
    chunk = FRAMES[0] + b"noise" + FRAMES[1]
    bad = [piece for piece in frame.scan(chunk) if isinstance(piece, frame.BadRange)]
    assert [(piece.offset, piece.payload) for piece in bad] == [(len(FRAMES[0]), b"noise")]


def test_what_is_not_one_whole_frame_is_rejected_with_its_reason() -> None:
    def reason(data: bytes) -> Reason | None:
        decoded = frame.decode(data)
        return decoded.reason if isinstance(decoded, Rejection) else None

    whole = FRAMES[0]
    assert reason(b"") is Reason.BAD_FRAME
    assert reason(b"\x02" + whole[1:]) is Reason.BAD_FRAME
    assert reason(whole[:-1]) is Reason.BAD_FRAME
    assert reason(whole + b"x") is Reason.TRAILING_BYTES
    assert reason(whole + bytes(frame.MAX_RECORD)) is Reason.OVERSIZE


def test_headers_that_claim_the_same_bytes_over_and_over_do_not_hold_a_function_up() -> None:
    began = time.thread_time()
    claims = bytearray(1024 * 1024)
    for start in range(0, len(claims) - frame.HEADER.size, frame.HEADER.size):
        length = len(claims) - start - frame.HEADER.size
        checked = frame.CHECKED.pack(frame.START, length, FINGERPRINT)
        claims[start : start + frame.HEADER.size] = checked + crc32(checked).to_bytes(4) + bytes(4)
    chunk = FRAMES[0] + bytes(claims) + b"x"
    pieces = list(frame.scan(chunk))
    assert isinstance(pieces[0], frame.Frame)
    assert b"".join(piece.payload for piece in pieces[1:] if isinstance(piece, frame.BadRange)) == claims + b"x"
    assert time.thread_time() - began < 5
