import pytest

from wavetank.emulator.kinesis.errors import InvalidArgument, ResourceNotFound
from wavetank.emulator.kinesis.model.ascending import Ascending
from wavetank.emulator.kinesis.model.family import ShardFamily, StreamIdentity
from wavetank.emulator.kinesis.model.shard import HASH_KEYS, Shard

WHO = StreamIdentity("000000000000", "us-east-1", "s", "arn:aws:kinesis:us-east-1:000000000000:stream/s", 5_000)
NOW = 9_000


def ranges(family: ShardFamily) -> list[tuple[int, int]]:
    return [(shard.first_hash, shard.last_hash) for shard in family.open]


def covers_all(family: ShardFamily) -> bool:
    edges = [edge for first, last in ranges(family) for edge in (first, last + 1)]
    return edges[0] == 0 and edges[-1] == HASH_KEYS and edges[1:-1:2] == edges[2::2]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 100])
def test_a_new_family_covers_every_hash_key_once(count: int) -> None:
    family = ShardFamily.founded(WHO, count)
    assert len(family.open) == count
    assert covers_all(family)
    assert family.holding(0) is family.open[0]
    assert family.holding(HASH_KEYS - 1) is family.open[-1]


def test_a_split_closes_the_parent_and_gives_it_two_children() -> None:
    family = ShardFamily.founded(WHO, 1)
    parent = family.at(0)
    lower, upper = family.split(parent, 100, NOW)
    assert not parent.is_open
    assert family.children(parent) == [lower, upper]
    assert [lower.parents, upper.parents] == [(0,), (0,)]
    assert ranges(family) == [(0, 99), (100, HASH_KEYS - 1)]


def test_a_merge_closes_both_parents_and_gives_them_one_child() -> None:
    family = ShardFamily.founded(WHO, 2)
    child = family.merge(family.at(0), family.at(1), NOW)
    assert child.parents == (0, 1)
    assert [family.children(family.at(number)) for number in (0, 1)] == [[child], [child]]
    assert ranges(family) == [(0, HASH_KEYS - 1)]


@pytest.mark.parametrize("target", [1, 2, 3, 4, 5, 7, 8])
@pytest.mark.parametrize("start", [1, 3, 4, 5])
def test_scaling_ends_with_equal_ranges(start: int, target: int) -> None:
    family = ShardFamily.founded(WHO, start)
    family.scale(target, NOW)
    assert ranges(family) == ranges(ShardFamily.founded(WHO, target))
    assert all(len(shard.parents) <= 2 for shard in family)


def test_scaling_to_the_same_count_changes_nothing() -> None:
    family = ShardFamily.founded(WHO, 3)
    family.scale(3, NOW)
    assert family.opened == 3


def lineage_grows(family: ShardFamily, shard: Shard) -> bool:
    return all(
        int(family.at(parent).ending_sequence_number or 0) < int(shard.starting_sequence_number)
        for parent in shard.parents
    )


def test_sequence_numbers_grow_from_parents_to_children_even_within_one_second() -> None:
    family = ShardFamily.founded(WHO, 4)
    for target in (8, 5, 10, 7):
        family.scale(target, WHO.created_ms)
    assert all(lineage_grows(family, shard) for shard in family)


def test_shards_that_are_not_adjacent_do_not_merge() -> None:
    family = ShardFamily.founded(WHO, 3)
    for lower, upper in ((0, 2), (1, 0), (1, 1)):
        with pytest.raises(InvalidArgument, match="are not an adjacent pair of shards eligible for merging"):
            family.merge(family.at(lower), family.at(upper), NOW)


def test_a_closed_shard_neither_splits_nor_merges() -> None:
    family = ShardFamily.founded(WHO, 2)
    family.split(family.at(0), 100, NOW)
    with pytest.raises(InvalidArgument, match="has already been merged or split"):
        family.split(family.at(0), 200, NOW)
    with pytest.raises(InvalidArgument, match="has already been merged or split"):
        family.merge(family.at(0), family.at(1), NOW)


@pytest.mark.parametrize("edge", [0, 1, HASH_KEYS - 1, HASH_KEYS])
def test_a_split_needs_a_hash_key_well_inside_the_shard(edge: int) -> None:
    family = ShardFamily.founded(WHO, 1)
    with pytest.raises(InvalidArgument, match="is not both greater than one plus the shard's StartingHashKey"):
        family.split(family.at(0), edge, NOW)


def test_shards_closed_for_longer_than_retention_are_forgotten() -> None:
    family = ShardFamily.founded(WHO, 1)
    family.split(family.at(0), 100, NOW)
    family.forget_closed_before(NOW)
    assert 0 in family
    family.forget_closed_before(NOW + 1)
    assert [shard.number for shard in family] == [1, 2]
    with pytest.raises(ResourceNotFound, match="Shard shardId-000000000000 in stream s under account"):
        family.at(0)


def test_a_shard_is_found_by_its_name_and_by_its_bare_number() -> None:
    family = ShardFamily.founded(WHO, 2)
    assert family.named("shardId-000000000001") is family.named("1") is family.at(1)
    with pytest.raises(ResourceNotFound, match="Could not find shard nonsense in stream s"):
        family.named("nonsense")


def test_a_restored_family_goes_on_where_it_was() -> None:
    family = ShardFamily.founded(WHO, 2)
    family.split(family.at(0), 100, NOW)
    again = ShardFamily.restored(WHO, family, family.opened, family.epoch)
    assert ranges(again) == ranges(family)
    assert again.merge(again.at(2), again.at(3), NOW).number == 4


def test_streams_that_share_their_epochs_have_no_sequence_number_in_common() -> None:
    epochs = Ascending()
    families = [ShardFamily.founded(WHO, 2, epochs) for _ in range(3)]
    families[1].scale(3, NOW)
    families.append(ShardFamily.founded(WHO, 2, epochs))
    of_each = [{shard.epoch for shard in family} for family in families]
    assert [len(found) for found in of_each] == [1, 4, 1, 1]
    assert len(set().union(*of_each)) == 7
    assert min(of_each[3]) > max(of_each[1])


def test_what_is_founded_after_a_restored_stream_has_a_later_epoch() -> None:
    epochs = Ascending()
    ShardFamily.restored(WHO, [], 0, NOW, epochs)
    assert ShardFamily.founded(WHO, 1, epochs).epoch > NOW
