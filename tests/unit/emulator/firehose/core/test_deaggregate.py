"""KPL aggregates are taken apart, everything else passes as it is."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.firehose.core.deaggregate import MAGIC, UserRecord, user_records


def varint(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def sealed(body: bytes) -> bytes:
    return MAGIC + body + hashlib.md5(body, usedforsecurity=False).digest()


def aggregate(records: list[tuple[str, bytes]]) -> bytes:
    """As the KPL packs them: each partition key once, records by index; field 2 is the explicit hash key table."""
    keys = sorted({key for key, _ in records})
    table = b"".join(field(1, key.encode()) for key in keys) + field(2, b"17")
    return sealed(table + b"".join(field(3, field(1, keys.index(key)) + field(3, data)) for key, data in records))


def test_an_aggregate_gives_its_records_in_order() -> None:
    data = aggregate([("b", b"one"), ("a", b""), ("b", b"x" * 300)])
    assert user_records(data, "outer") == (UserRecord("b", b"one"), UserRecord("a", b""), UserRecord("b", b"x" * 300))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"plain",
        MAGIC,
        MAGIC + b"not an aggregate, only the same first bytes",
        aggregate([("a", b"one")])[:-1] + b"!",
        sealed(b"\xff" * 12),
        sealed(field(3, field(1, 9) + field(3, b"no such key"))),
        sealed(field(3, b"\x0a\x05ab")),
        sealed(field(1, b"k" * 257) + field(3, field(1, 0) + field(3, b"a key too long"))),
        sealed(field(1, b"") + field(3, field(1, 0) + field(3, b"a key without a character"))),
        sealed(field(1, b"k") + field(2, b"9" * 39) + field(3, field(1, 0) + field(3, b"a hash too large"))),
        sealed(field(1, b"k") + field(2, b"01") + field(3, field(1, 0) + field(3, b"a hash with a zero in front"))),
        sealed(field(1, b"k") + field(3, field(1, 0) + field(2, 0) + field(3, b"a hash that is not there"))),
        sealed(field(1, b"no record")),
    ],
)
def test_what_is_no_sound_aggregate_passes_as_it_is(data: bytes) -> None:
    assert user_records(data, "outer") == (UserRecord("outer", data),)


def test_a_key_of_256_characters_is_one_whatever_its_bytes() -> None:
    key = "\N{WATER WAVE}" * 256
    assert user_records(aggregate([(key, b"one")]), "outer") == (UserRecord(key, b"one"),)


@given(st.lists(st.tuples(st.text(min_size=1, max_size=5), st.binary(max_size=200)), min_size=1))
def test_what_a_producer_packs_comes_out(records: list[tuple[str, bytes]]) -> None:
    assert [(record.partition_key, record.data) for record in user_records(aggregate(records), "outer")] == records


@given(st.binary(max_size=60))
def test_no_body_makes_it_fail(body: bytes) -> None:
    assert user_records(sealed(body), "outer") is not None
