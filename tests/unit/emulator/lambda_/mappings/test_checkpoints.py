"""A place in a shard survives the expiry of its iterator; parents are read before children."""

from wavetank.emulator.lambda_.mappings.checkpoints import (
    OLDEST,
    IteratorType,
    Position,
    Shard,
    after_record,
    first_position,
    readable,
)
from wavetank.emulator.lambda_.mappings.stream.core.settings import Start

PARENT = Shard("0", is_open=False)
OTHER = Shard("1", is_open=False)
LEFT, RIGHT = Shard("2", ("0",)), Shard("3", ("0",))
MERGED = Shard("4", ("0", "1"))


def test_a_tip_that_was_seen_lasts_as_the_time_it_was_seen() -> None:
    seen = Position(IteratorType.LATEST, timestamp=5.0, iterator="token")
    assert seen.lasting() == Position(IteratorType.AT_TIMESTAMP, timestamp=5.0)


def test_a_tip_that_was_not_looked_for_stays_the_tip() -> None:
    assert first_position(Start.LATEST, None).lasting() == Position(IteratorType.LATEST)


def test_other_places_only_lose_their_iterator() -> None:
    for place in (OLDEST, after_record("7", frozenset({"9"})), first_position(Start.AT_TIMESTAMP, 3.0)):
        assert place.lasting() == place
        assert place.lasting().iterator == ""


def test_shards_without_parents_are_read_at_once() -> None:
    assert readable([PARENT, OTHER], set()) == ["0", "1"]


def test_children_wait_for_their_parent() -> None:
    assert readable([PARENT, LEFT, RIGHT], set()) == ["0"]
    assert readable([PARENT, LEFT, RIGHT], {"0"}) == ["2", "3"]


def test_a_merged_shard_waits_for_both_parents() -> None:
    assert readable([PARENT, OTHER, MERGED], {"0"}) == ["1"]
    assert readable([PARENT, OTHER, MERGED], {"0", "1"}) == ["4"]


def test_a_parent_that_the_stream_no_longer_has_is_not_waited_for() -> None:
    assert readable([LEFT, MERGED], set()) == ["2", "4"]


def test_finished_shards_are_not_read_again() -> None:
    assert readable([PARENT], {"0"}) == []
