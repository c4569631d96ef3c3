"""Lines in: plain or gzip, whole or broken, and never one too few."""

import gzip
import io
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.scenarios.workload.ndjson import LineReader, Number, json_text, parse
from wavetank.scenarios.workload.rejects import Rejection, RejectReason
from wavetank.scenarios.workload.rows import Row

TEXT = b'{"a": 1}\n{"a": 2}\n\n{"a": 3}'
LINES = [b'{"a": 1}', b'{"a": 2}', b"", b'{"a": 3}']


def read(data: bytes, **limits: int) -> tuple[list[Row], str | None]:
    reader = LineReader(io.BytesIO(data), **limits)
    return list(reader), reader.broken


def rejected(text: bytes) -> Rejection:
    found = parse(text)
    assert isinstance(found, Rejection)
    return found


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize(
    "data",
    [
        TEXT,
        TEXT + b"\n",
        b"\xef\xbb\xbf" + TEXT,
        gzip.compress(TEXT, mtime=0),
        gzip.compress(TEXT[:10], mtime=0) + gzip.compress(TEXT[10:], mtime=0),
        gzip.compress(TEXT, mtime=0) + bytes(600_000),
    ],
    ids=[
        "plain",
        "last line ended",
        "byte order mark",
        "gzip",
        "gzip of two members",
        "gzip padded with zeros",
    ],
)
def test_every_line_comes_once_numbered_from_1(data: bytes) -> None:
    lines, broken = read(data)
    assert [line.data for line in lines] == LINES
    assert [line.number for line in lines] == [1, 2, 3, 4]
    assert broken is None


@given(st.lists(st.binary(max_size=30).map(lambda data: data.replace(b"\n", b"")), min_size=1))
def test_lines_joined_and_read_are_the_same_lines(lines: list[bytes]) -> None:
    data = b"{" + b"\n".join(lines) + b"\n"
    assert [line.data for line in read(data)[0]] == [b"{" + lines[0], *lines[1:]]


@pytest.mark.parametrize("data", [b"", b"\n", gzip.compress(b"", mtime=0)])
def test_an_empty_input_has_no_content(data: bytes) -> None:
    lines, broken = read(data)
    assert not any(line.data for line in lines)
    assert broken is None


def test_a_truncated_gzip_gives_its_whole_lines_then_the_piece_that_was_cut_off() -> None:
    noise = "".join(f'{{"n": "{zlib.crc32(bytes([n % 256, n // 256])):08x}"}}\n' for n in range(2000)).encode()
    lines, broken = read(gzip.compress(noise, mtime=0)[:-2000])
    *whole, cut = lines
    assert broken == "the gzip data is truncated"
    assert b"\n".join(line.data for line in lines) == noise[: sum(len(line.data) + 1 for line in lines) - 1]
    assert all(line.problem is None and parse(line.data) for line in whole)
    assert cut.problem is not None
    assert cut.problem.reason is RejectReason.CUT_OFF


def test_a_gzip_without_its_last_byte_is_truncated() -> None:
    lines, broken = read(gzip.compress(TEXT, mtime=0)[:-1])
    assert [line.data for line in lines] == LINES
    assert broken == "the gzip data is truncated"


def test_damaged_gzip_data_end_the_input_with_the_reason() -> None:
    data = bytearray(gzip.compress(TEXT, mtime=0))
    data[-8] ^= 0xFF
    lines, broken = read(bytes(data))
    assert broken is not None
    assert "incorrect data check" in broken
    assert [line.data for line in lines] == LINES


def test_a_line_too_long_is_one_rejected_line_and_the_next_is_read() -> None:
    long = b"x" * 700_000
    lines, _ = read(b"{}\n" + long + b"\n{}\n" + long, max_line_bytes=100_000)
    assert [(line.number, line.data[:2], line.problem is None) for line in lines] == [
        (1, b"{}", True),
        (2, b"xx", False),
        (3, b"{}", True),
        (4, b"xx", False),
    ]
    assert {line.problem.reason for line in lines if line.problem} == {RejectReason.LINE_TOO_LONG}
    assert len(lines[1].data) == 1024


@pytest.mark.parametrize(
    ("line", "reason", "said"),
    [
        (b"no json", RejectReason.NOT_JSON, "character 1"),
        (b'{"a": 1', RejectReason.NOT_JSON, "character 8"),
        (b'{"a": 1} {}', RejectReason.NOT_JSON, "Extra data"),
        (b"[" * 100_000, RejectReason.NOT_JSON, "nested too deeply"),
        (b"[1]", RejectReason.NOT_OBJECT, "object"),
        (b"null", RejectReason.NOT_OBJECT, "object"),
        (b'{"a": NaN}', RejectReason.NOT_FINITE, "NaN"),
        (b'{"a": [-Infinity]}', RejectReason.NOT_FINITE, "-Infinity"),
        (b'{"a": 1, "b": 2, "a": 3}', RejectReason.DUPLICATE_NAME, "'a'"),
        (b'{"a": "\xff"}', RejectReason.NOT_UTF8, "byte 7"),
        (b'{"a": "\\ud800"}', RejectReason.BAD_TEXT, "surrogate"),
        (b'{"\\udc00": 1}', RejectReason.BAD_TEXT, "surrogate"),
    ],
)
def test_a_line_that_is_no_object_says_why(line: bytes, reason: RejectReason, said: str) -> None:
    found = rejected(line)
    assert found.reason is reason
    assert said in found.message


def test_numbers_keep_every_digit_they_were_written_with() -> None:
    text = '{"a":0.1234567890123456789,"b":1E400,"c":[-0,1.50],"d":' + "9" * 5000 + "}"
    found = parse(text.encode())
    assert isinstance(found, dict)
    assert found["a"] == "0.1234567890123456789"
    assert isinstance(found["b"], Number)
    assert json_text(found) == text


def test_pairs_of_surrogates_are_text() -> None:
    assert parse(b'{"a": "\\ud83c\\udf0a"}') == {"a": "\N{WATER WAVE}"}


@given(st.dictionaries(st.text(), json_values))
def test_the_text_of_a_parsed_object_means_the_same(value: dict[str, object]) -> None:
    found = parse(json.dumps(value).encode())
    assert isinstance(found, dict)
    assert json.loads(json_text(found)) == value
