"""Bytes from anybody are read or refused; none makes the reader crash, hang or take memory without end."""

from io import BytesIO
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pipeline.avro.strategies import Pair, types
from wavetank.pipeline.avro.binary import MOST_EMPTY_ITEMS, Malformed, TrailingBytes, decode, reader_of
from wavetank.pipeline.avro.limits import DEEPEST
from wavetank.pipeline.avro.parse import parse

ENUM = {"type": "enum", "name": "E", "symbols": ["A", "B"]}
LIST = {"type": "record", "name": "L", "fields": [{"name": "next", "type": ["null", "L"]}]}
ENDLESS = {"type": "record", "name": "L", "fields": [{"name": "next", "type": "L"}]}
NULLS = {"type": "array", "items": "null"}
LONGS = {"type": "array", "items": "long"}
HUGE = b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"
LEAST = b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"

HOSTILE: list[tuple[str, Any, bytes]] = [
    ("enum index -1", ENUM, b"\x01"),
    ("enum index too high", ENUM, b"\x04"),
    ("union index -1", ["null", "string"], b"\x01\x02a"),
    ("union index too high", ["null", "string"], b"\x04"),
    ("string of negative length", "string", b"\x01abc"),
    ("string longer than the data", "string", b"\x08abc"),
    ("string of 2**62 bytes", "string", HUGE),
    ("bytes of negative length", "bytes", b"\x03abc"),
    ("string that is not UTF-8", "string", b"\x02\xff"),
    ("int of 33 bits", "int", b"\x80\x80\x80\x80\x20"),
    ("long of 11 bytes", "long", b"\x80" * 10 + b"\x01"),
    ("long of more than 64 bits", "long", b"\xff" * 9 + b"\x02"),
    ("long cut short", "long", b"\x80"),
    ("boolean of 2", "boolean", b"\x02"),
    ("double cut short", "double", b"1234567"),
    ("float cut short", "float", b"123"),
    ("fixed cut short", {"type": "fixed", "name": "F", "size": 4}, b"123"),
    ("2**62 nulls", NULLS, HUGE + b"\x00"),
    ("-2**63 nulls", NULLS, LEAST + b"\x00\x00"),
    ("many blocks of nulls", NULLS, b"\xfe\x1f" * 4 + b"\x00"),
    ("2**62 longs", LONGS, HUGE + b"\x00"),
    ("2**62 entries", {"type": "map", "values": "null"}, HUGE + b"\x00"),
    ("a block longer than the data", LONGS, b"\x01\x7e\x02\x00"),
    ("a block of negative size", LONGS, b"\x01\x01\x02\x00"),
    ("array without end", LONGS, b"\x02\x02"),
    ("nested without end", LIST, b"\x02" * 1_000_000),
    ("a record in itself that takes no bytes", ENDLESS, b""),
]


@pytest.mark.parametrize(("schema", "data"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_hostile_bytes_are_refused(schema: Any, data: bytes) -> None:
    with pytest.raises(Malformed):
        decode(data, reader_of(parse(schema)))


@pytest.mark.parametrize(
    ("schema", "data", "value"),
    [
        (LONGS, b"\x03\x04\x02\x04\x02\x06\x00", [1, 2, 3]),
        (NULLS, b"\x06\x00", [None] * 3),
        (NULLS, b"\x80\x40\x00", [None] * MOST_EMPTY_ITEMS),
        (LONGS, b"\x02\x02\x80\x00", [1]),
        (["null", "string"], b"\x82\x00\x02a", "a"),
        ("string", b"\x80\x02" + b"x" * 128, "x" * 128),
        (["null", "string"], b"\x02\x80\x02" + b"x" * 128, "x" * 128),
    ],
)
def test_unusual_encodings_that_the_specification_allows_are_read(schema: Any, data: bytes, value: Any) -> None:
    assert decode(data, reader_of(parse(schema))) == value


def test_records_in_records_are_read_to_the_depth_there_is() -> None:
    read = reader_of(parse(LIST))
    assert decode(b"\x02" * (DEEPEST - 1) + b"\x00", read)
    with pytest.raises(Malformed, match="deep"):
        decode(b"\x02" * DEEPEST + b"\x00", read)


def test_what_is_left_after_a_record_is_told_apart() -> None:
    with pytest.raises(TrailingBytes, match="2 bytes"):
        decode(b"\x02\x00\x00", reader_of(parse("long")))


@given(st.data(), types())
def test_what_was_written_is_read_whatever_the_schema(data: st.DataObject, pair: Pair) -> None:
    schema, values = pair
    value = data.draw(values)
    out = BytesIO()
    schemaless_writer(out, parse_schema(schema), value)
    assert decode(out.getvalue(), reader_of(parse(schema))) == value
