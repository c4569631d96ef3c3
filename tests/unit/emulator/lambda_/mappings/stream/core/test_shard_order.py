"""Parents before children, and shards that expired do not block those they became."""

from wavetank.emulator.lambda_.mappings.stream.core.shard_order import Shard, readable

PARENT = Shard("0", is_open=False)
OTHER = Shard("1", is_open=False)
LEFT, RIGHT = Shard("2", ("0",)), Shard("3", ("0",))
MERGED = Shard("4", ("0", "1"))


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
