"""A shard shared out over lanes: order by key, one checkpoint, nothing delivered twice after a restart."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.emulator.lambda_.mappings.stream.batches import OK, numbers, records
from wavetank.emulator.lambda_.mappings.stream.core.event import Record
from wavetank.emulator.lambda_.mappings.stream.core.lane import Invoke, Wait
from wavetank.emulator.lambda_.mappings.stream.core.position import OLDEST, Position, after_record
from wavetank.emulator.lambda_.mappings.stream.core.progress import READ_AHEAD_BYTES, Progress
from wavetank.emulator.lambda_.mappings.stream.core.settings import BatchLimits, MappingSettings, Start

DAY = 86_400.0


def progress(lanes: int = 1, batch: int = 100, start: Position = OLDEST) -> Progress:
    settings = MappingSettings(
        "u",
        "arn:aws:lambda:us-east-1:000000000000:function:f",
        "arn:aws:kinesis:us-east-1:000000000000:stream/s",
        "arn:aws:iam::000000000000:role/r",
        Start.TRIM_HORIZON,
        limits=BatchLimits(records=batch),
        lanes=lanes,
    )
    return Progress(settings, start)


def accept(shard: Progress, batch: tuple[Record, ...], keys: int = 1, wanted: list[bool] | None = None) -> None:
    shard.accept(batch, [f"key-{int(r.sequence) % keys}" for r in batch], wanted, now=0)


def deliver(shard: Progress, lane: int) -> list[int]:
    """Let the next batch of a lane succeed; empty when there is none."""
    task = shard.next(lane, 0, DAY)
    if isinstance(task, Wait):
        return []
    assert isinstance(task, Invoke)
    shard.apply(lane, shard.decide(lane, OK, 0))
    return numbers(task.work.records)


def test_the_checkpoint_is_the_start_until_a_record_is_done() -> None:
    shard = progress()
    accept(shard, records(1, 2))
    assert shard.checkpoint() == OLDEST
    assert deliver(shard, 0) == [1, 2]
    assert shard.checkpoint() == after_record("2")


def test_what_is_not_wanted_is_done_without_delivery() -> None:
    shard = progress()
    accept(shard, records(1, 2, 3), wanted=[False, True, False])
    assert deliver(shard, 0) == [2]
    assert shard.checkpoint() == after_record("3")
    assert shard.outstanding == 0


def test_a_new_tip_replaces_the_start_only_while_nothing_was_read() -> None:
    shard = progress()
    shard.stands_at(after_record("5"))
    assert shard.checkpoint() == after_record("5")
    accept(shard, records(6))
    shard.stands_at(after_record("9"))
    assert shard.checkpoint() == after_record("5")


def test_one_round_of_batches_is_read_ahead() -> None:
    shard = progress(batch=2)
    accept(shard, records(1, 2, 3))
    assert shard.has_room
    accept(shard, records(4))
    assert not shard.has_room
    deliver(shard, 0)
    assert shard.has_room


def test_no_more_is_read_while_much_waits() -> None:
    shard = progress(batch=10_000)
    accept(shard, records(1, 2, size=READ_AHEAD_BYTES // 2))
    assert not shard.has_room


@given(
    keys=st.integers(1, 6),
    lanes=st.integers(1, 4),
    batch=st.integers(1, 5),
    turns=st.lists(st.integers(0, 3), max_size=20),
)
def test_stopped_anywhere_a_later_run_delivers_exactly_the_rest_in_order(
    keys: int, lanes: int, batch: int, turns: list[int]
) -> None:
    """A second run, with other lanes, reads from the checkpoint on: together they deliver each record once."""
    everything = records(*range(1, 25))
    first = progress(lanes, batch)
    accept(first, everything, keys)
    delivered = [n for lane in turns for n in deliver(first, lane % lanes)]
    place = first.checkpoint()
    second = progress(lanes=5 - lanes, batch=batch, start=place)
    accept(second, tuple(r for r in everything if int(r.sequence) > int(place.sequence or 0)), keys)
    for lane in range(5 - lanes):
        while more := deliver(second, lane):
            delivered += more
    assert sorted(delivered) == list(range(1, 25))
    for key in range(keys):
        of_key = [n for n in delivered if n % keys == key]
        assert of_key == sorted(of_key)
    assert second.checkpoint() == after_record("24")
