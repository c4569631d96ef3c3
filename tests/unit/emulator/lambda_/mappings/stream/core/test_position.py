"""A place in a shard survives the expiry of its iterator."""

from wavetank.emulator.lambda_.mappings.stream.core.position import (
    OLDEST,
    IteratorType,
    Position,
    after_record,
    first_position,
)
from wavetank.emulator.lambda_.mappings.stream.core.settings import Start


def test_a_tip_that_was_seen_lasts_as_the_time_it_was_seen() -> None:
    seen = Position(IteratorType.LATEST, timestamp=5.0, iterator="token")
    assert seen.lasting() == Position(IteratorType.AT_TIMESTAMP, timestamp=5.0)


def test_a_tip_that_was_not_looked_for_stays_the_tip() -> None:
    assert first_position(Start.LATEST, None).lasting() == Position(IteratorType.LATEST)


def test_other_places_only_lose_their_iterator() -> None:
    for place in (OLDEST, after_record("7", frozenset({"9"})), first_position(Start.AT_TIMESTAMP, 3.0)):
        assert place.lasting() == place
        assert place.lasting().iterator == ""
