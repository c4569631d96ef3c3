"""Keys and values in words: as JSON has them, and keys read back."""

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.scenarios.client.reference.tables import table
from wavetank.emulator.errors import CallerError
from wavetank.pipeline.reference.table import Kind, Value
from wavetank.scenarios.client.reference.words import key_document, key_of, plain

KEYED = table({"region": "string", "day": "date", "number": "int", "name": "string"}, "region", "day", "number")
DAYS = st.dates().map(lambda day: (day - date(1970, 1, 1)).days)


@given(st.text(), DAYS, st.integers(-(2**63), 2**63 - 1))
def test_a_key_in_words_is_read_back(region: str, day: int, number: int) -> None:
    words = [str(value) for value in key_document((region, day, number), KEYED).values()]
    assert key_of(words, KEYED) == (region, day, number)


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (None, Kind.DATE, None),
        (True, Kind.BOOLEAN, True),
        (Decimal("12.340"), Kind.DECIMAL, "12.340"),
        (20_000, Kind.DATE, "2024-10-04"),
        (10**9, Kind.DATE, "1000000000"),
        (1_000_000, Kind.TIMESTAMP, "1970-01-01T00:00:01Z"),
        (1, Kind.TIMESTAMP, "1970-01-01T00:00:00.000001Z"),
        (2**62, Kind.TIMESTAMP, str(2**62)),
        (b"\x00\xff", Kind.BYTES, "AP8="),
        (float("inf"), Kind.FLOAT, "inf"),
        (2**62, Kind.INT, 2**62),
    ],
)
def test_a_value_is_written_as_json_can_have_it(value: Value, kind: Kind, expected: object) -> None:
    assert plain(value, kind) == expected
    assert json.loads(json.dumps(plain(value, kind), allow_nan=False)) == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["eu", "2026-01-31"], "the key is region, day, number, and 2 values are given"),
        (["eu", "31.1.2026", "1"], "column day is a date as 2026-01-31, and '31.1.2026' is none"),
        (["eu", "2026-01-31", "one"], "column number is a whole number, and 'one' is none"),
    ],
)
def test_a_key_that_does_not_fit_is_refused_with_column_and_rule(words: list[str], message: str) -> None:
    with pytest.raises(CallerError, match=message):
        key_of(words, KEYED)
