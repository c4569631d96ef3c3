import pytest

from wavetank.emulator.kinesis.errors import ExpiredIterator, InvalidArgument
from wavetank.emulator.kinesis.model.position import ITERATOR_LIFETIME_MS, Cursor, cursor, iterator

NOW = 1_700_000_000_000
PLACE = Cursor("000000000000", "us-east-1", "s" * 128, NOW - 5, 2**31, 2**63 - 1)


def test_an_iterator_gives_back_the_cursor_it_was_made_from() -> None:
    assert cursor(iterator(PLACE, NOW), NOW) == PLACE


def test_an_iterator_fits_the_length_the_api_allows() -> None:
    assert len(iterator(PLACE, NOW)) <= 512


def test_two_iterators_of_one_place_differ() -> None:
    assert iterator(PLACE, NOW) != iterator(PLACE, NOW)


def test_an_iterator_in_quotes_is_taken() -> None:
    assert cursor(f'"{iterator(PLACE, NOW)}"', NOW) == PLACE


def test_an_iterator_is_good_for_five_minutes() -> None:
    token = iterator(PLACE, NOW)
    assert cursor(token, NOW + ITERATOR_LIFETIME_MS) == PLACE
    with pytest.raises(
        ExpiredIterator, match=r"Iterator expired\. The iterator was created at time Tue Nov 14 22:13:20 UTC 2023"
    ):
        cursor(token, NOW + ITERATOR_LIFETIME_MS + 1)


@pytest.mark.parametrize("damage", ["", "a", "AAAA", "not base 64!"])
def test_anything_else_is_refused(damage: str) -> None:
    with pytest.raises(InvalidArgument, match=r"Invalid ShardIterator\."):
        cursor(damage, NOW)


def test_a_changed_iterator_is_refused() -> None:
    token = iterator(PLACE, NOW)
    for place in range(0, len(token), 7):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(InvalidArgument):
            cursor(changed, NOW)
