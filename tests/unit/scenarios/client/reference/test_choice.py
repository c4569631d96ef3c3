"""Entries by number, digest and time; since when each is in effect, in words."""

from datetime import UTC, datetime

import pytest

from wavetank.emulator.errors import CallerError
from wavetank.pipeline.reference.index import Entry, Index
from wavetank.scenarios.client.reference.choice import at_time, by_word, effect

HOUR_US = 3_600_000_000
A, B = "ab" * 32, "ac" * 32
INDEX = Index((Entry(0, A), Entry(HOUR_US, B), Entry(2 * HOUR_US, A)))


@pytest.mark.parametrize(
    ("word", "number"), [("1", 0), ("3", 2), (A, 2), (B, 1), ("acacac", 1), ("yesterday", None), ("abcdef", None)]
)
def test_an_entry_is_named_by_its_number_or_by_the_beginning_of_its_digest(word: str, number: int | None) -> None:
    assert by_word(INDEX, word) == (None if number is None else INDEX.entries[number])


@pytest.mark.parametrize("word", ["0", "4", "99999"])
def test_a_number_that_no_entry_has_is_refused_with_those_there_are(word: str) -> None:
    with pytest.raises(CallerError, match="entries 1 to 3"):
        by_word(INDEX, word)


def test_the_beginning_of_two_digests_is_refused() -> None:
    index = Index((Entry(0, "abcdef" + "0" * 58), Entry(1, "abcdef" + "1" * 58)))
    with pytest.raises(CallerError, match="2 digests begin with abcdef"):
        by_word(index, "abcdef")


def test_an_entry_by_time_is_the_one_in_effect_then() -> None:
    assert at_time(INDEX, datetime.fromtimestamp(3_599, UTC)) == INDEX.entries[0]
    assert at_time(INDEX, datetime.fromtimestamp(3_600, UTC)) == INDEX.entries[1]
    with pytest.raises(CallerError, match="nothing is kept of 1970-01-01T00:00:01Z"):
        at_time(Index(INDEX.entries[1:]), datetime.fromtimestamp(1, UTC))


def test_an_entry_says_since_or_from_when_it_is_in_effect() -> None:
    assert effect(INDEX.entries[0], 0) == "in effect from the beginning"
    assert effect(INDEX.entries[1], HOUR_US) == "in effect since 1970-01-01T01:00:00Z"
    assert effect(Entry(HOUR_US - 1, A), HOUR_US) == "in effect since 1970-01-01T01:00:00Z"
    assert effect(INDEX.entries[1], HOUR_US - 1) == "in effect from 1970-01-01T01:00:00Z, in 1 s"
