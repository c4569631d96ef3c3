import pytest

from wavetank.emulator.kinesis.errors import InvalidArgument, ResourceNotFound
from wavetank.emulator.kinesis.model.generations import MonotonicCounter
from wavetank.emulator.kinesis.model.shards import HASH_KEYS, Shard, ShardSet, StreamIdentity

WHO = StreamIdentity("000000000000", "us-east-1", "s", "arn:aws:kinesis:us-east-1:000000000000:stream/s", 5_000)
NOW = 9_000


def ranges(shards: ShardSet) -> list[tuple[int, int]]:
    return [(shard.first_hash, shard.last_hash) for shard in shards.open]


def covers_all(shards: ShardSet) -> bool:
    edges = [edge for first, last in ranges(shards) for edge in (first, last + 1)]
    return edges[0] == 0 and edges[-1] == HASH_KEYS and edges[1:-1:2] == edges[2::2]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 100])
def test_a_new_family_covers_every_hash_key_once(count: int) -> None:
    shards = ShardSet.founded(WHO, count)
    assert len(shards.open) == count
    assert covers_all(shards)
    assert shards.holding(0) is shards.open[0]
    assert shards.holding(HASH_KEYS - 1) is shards.open[-1]


def test_a_split_closes_the_parent_and_gives_it_two_children() -> None:
    shards = ShardSet.founded(WHO, 1)
    parent = shards.at(0)
    lower, upper = shards.split(parent, 100, NOW)
    assert not parent.is_open
    assert shards.children(parent) == [lower, upper]
    assert [lower.parents, upper.parents] == [(0,), (0,)]
    assert ranges(shards) == [(0, 99), (100, HASH_KEYS - 1)]


def test_a_merge_closes_both_parents_and_gives_them_one_child() -> None:
    shards = ShardSet.founded(WHO, 2)
    child = shards.merge(shards.at(0), shards.at(1), NOW)
    assert child.parents == (0, 1)
    assert [shards.children(shards.at(number)) for number in (0, 1)] == [[child], [child]]
    assert ranges(shards) == [(0, HASH_KEYS - 1)]


@pytest.mark.parametrize("target", [1, 2, 3, 4, 5, 7, 8])
@pytest.mark.parametrize("start", [1, 3, 4, 5])
def test_scaling_ends_with_equal_ranges(start: int, target: int) -> None:
    shards = ShardSet.founded(WHO, start)
    shards.scale(target, NOW)
    assert ranges(shards) == ranges(ShardSet.founded(WHO, target))
    assert all(len(shard.parents) <= 2 for shard in shards)


def test_scaling_to_the_same_count_changes_nothing() -> None:
    shards = ShardSet.founded(WHO, 3)
    shards.scale(3, NOW)
    assert shards.opened == 3


def lineage_grows(shards: ShardSet, shard: Shard) -> bool:
    return all(
        int(shards.at(parent).ending_sequence_number or 0) < int(shard.starting_sequence_number)
        for parent in shard.parents
    )


def test_sequence_numbers_grow_from_parents_to_children_even_within_one_second() -> None:
    shards = ShardSet.founded(WHO, 4)
    for target in (8, 5, 10, 7):
        shards.scale(target, WHO.created_ms)
    assert all(lineage_grows(shards, shard) for shard in shards)


def test_shards_that_are_not_adjacent_do_not_merge() -> None:
    shards = ShardSet.founded(WHO, 3)
    for lower, upper in ((0, 2), (1, 0), (1, 1)):
        with pytest.raises(InvalidArgument, match="are not an adjacent pair of shards eligible for merging"):
            shards.merge(shards.at(lower), shards.at(upper), NOW)


def test_a_closed_shard_neither_splits_nor_merges() -> None:
    shards = ShardSet.founded(WHO, 2)
    shards.split(shards.at(0), 100, NOW)
    with pytest.raises(InvalidArgument, match="has already been merged or split"):
        shards.split(shards.at(0), 200, NOW)
    with pytest.raises(InvalidArgument, match="has already been merged or split"):
        shards.merge(shards.at(0), shards.at(1), NOW)


@pytest.mark.parametrize("edge", [0, 1, HASH_KEYS - 1, HASH_KEYS])
def test_a_split_needs_a_hash_key_well_inside_the_shard(edge: int) -> None:
    shards = ShardSet.founded(WHO, 1)
    with pytest.raises(InvalidArgument, match="is not both greater than one plus the shard's StartingHashKey"):
        shards.split(shards.at(0), edge, NOW)


def test_shards_closed_for_longer_than_retention_are_forgotten() -> None:
    shards = ShardSet.founded(WHO, 1)
    shards.split(shards.at(0), 100, NOW)
    shards.forget_closed_before(NOW)
    assert 0 in shards
    shards.forget_closed_before(NOW + 1)
    assert [shard.number for shard in shards] == [1, 2]
    with pytest.raises(ResourceNotFound, match="Shard shardId-000000000000 in stream s under account"):
        shards.at(0)


def test_a_shard_is_found_by_its_name_and_by_its_bare_number() -> None:
    shards = ShardSet.founded(WHO, 2)
    assert shards.named("shardId-000000000001") is shards.named("1") is shards.at(1)
    with pytest.raises(ResourceNotFound, match="Could not find shard nonsense in stream s"):
        shards.named("nonsense")


def test_a_restored_family_goes_on_where_it_was() -> None:
    shards = ShardSet.founded(WHO, 2)
    shards.split(shards.at(0), 100, NOW)
    again = ShardSet.restored(WHO, shards, opened=shards.opened, epoch=shards.epoch)
    assert ranges(again) == ranges(shards)
    assert again.merge(again.at(2), again.at(3), NOW).number == 4


def test_streams_that_share_their_epochs_have_no_sequence_number_in_common() -> None:
    epochs = MonotonicCounter()
    shard_sets = [ShardSet.founded(WHO, 2, epochs) for _ in range(3)]
    shard_sets[1].scale(3, NOW)
    shard_sets.append(ShardSet.founded(WHO, 2, epochs))
    of_each = [{shard.epoch for shard in shards} for shards in shard_sets]
    assert [len(found) for found in of_each] == [1, 4, 1, 1]
    assert len(set().union(*of_each)) == 7
    assert min(of_each[3]) > max(of_each[1])


def test_what_is_founded_after_a_restored_stream_has_a_later_epoch() -> None:
    epochs = MonotonicCounter()
    ShardSet.restored(WHO, [], opened=0, epoch=NOW, epochs=epochs)
    assert ShardSet.founded(WHO, 1, epochs).epoch > NOW
