"""A shard shared out over lanes: order by key, one checkpoint, nothing delivered twice after a restart.

The checkpoint never passes a record that is not done, and nothing done is forgotten.
"""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.emulator.lambda_.mappings.stream.batches import OK, numbers, records
from wavetank.emulator.lambda_.mappings.batch_window import BatchLimits
from wavetank.emulator.lambda_.mappings.checkpoints import OLDEST, Position, after_record
from wavetank.emulator.lambda_.mappings.stream.core.event import Record
from wavetank.emulator.lambda_.mappings.stream.core.lane import Invoke, Wait
from wavetank.emulator.lambda_.mappings.stream.core.progress import DONE, READ_AHEAD_BYTES, Progress, Watermark
from wavetank.emulator.lambda_.mappings.stream.core.settings import MappingSettings, Start

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


def accept(shard: Progress, batch: tuple[Record, ...], keys: int = 1, passes: list[bool] | None = None) -> None:
    shard.accept(batch, [f"key-{int(r.sequence) % keys}" for r in batch], passes, now=0)


def deliver(shard: Progress, lane: int) -> list[int]:
    """Let the next batch of a lane succeed; empty when there is none."""
    task = shard.lanes[lane].next(0, DAY)
    if isinstance(task, Wait):
        return []
    assert isinstance(task, Invoke)
    shard.apply(lane, shard.lanes[lane].decide(OK, 0))
    return numbers(task.work.records)


def test_the_checkpoint_is_the_start_until_a_record_is_done() -> None:
    shard = progress()
    accept(shard, records(1, 2))
    assert shard.checkpoint() == OLDEST
    assert deliver(shard, 0) == [1, 2]
    assert shard.checkpoint() == after_record("2")


def test_what_does_not_pass_is_done_without_delivery() -> None:
    shard = progress()
    accept(shard, records(1, 2, 3), passes=[False, True, False])
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


def test_the_checkpoint_follows_a_single_lane() -> None:
    watermark = Watermark(1)
    watermark.give(["1", "2", "3"], [0, 0, 0])
    assert (watermark.checkpoint, watermark.outstanding) == (None, 3)
    watermark.finish(0, 2)
    assert (watermark.checkpoint, watermark.outstanding) == ("2", 1)


def test_a_fast_lane_does_not_move_the_checkpoint_past_a_slow_one() -> None:
    watermark = Watermark(2)
    watermark.give(["1", "2", "3"], [0, 1, 1])
    watermark.finish(1, 2)
    assert watermark.checkpoint is None
    assert watermark.ahead() == {"2", "3"}
    watermark.finish(0, 1)
    assert watermark.checkpoint == "3"
    assert watermark.ahead() == frozenset()


def test_records_that_need_no_delivery_move_the_checkpoint() -> None:
    watermark = Watermark(1)
    watermark.give(["1", "2"], [DONE, DONE])
    assert (watermark.checkpoint, watermark.outstanding) == ("2", 0)


def test_records_that_need_no_delivery_wait_for_those_before_them() -> None:
    watermark = Watermark(1)
    watermark.give(["1", "2", "3"], [0, DONE, 0])
    assert watermark.checkpoint is None
    watermark.finish(0, 1)
    assert watermark.checkpoint == "2"


@given(
    lanes=st.lists(st.integers(min_value=DONE, max_value=2), max_size=30),
    order=st.randoms(use_true_random=False),
)
def test_checkpoint_and_ahead_together_are_exactly_what_is_done(lanes: list[int], order: object) -> None:
    watermark = Watermark(3)
    names = [str(n) for n in range(len(lanes))]
    watermark.give(names, lanes)
    open_of = {lane: [n for n, of in zip(names, lanes, strict=True) if of == lane] for lane in range(3)}
    done = {n for n, lane in zip(names, lanes, strict=True) if lane == DONE}
    steps = [lane for lane in lanes if lane != DONE]
    order.shuffle(steps)  # type: ignore[attr-defined]
    for lane in steps:
        watermark.finish(lane, 1)
        done.add(open_of[lane].pop(0))
        passed = set(names[: names.index(watermark.checkpoint) + 1]) if watermark.checkpoint else set()
        assert passed | watermark.ahead() == done
        assert watermark.outstanding == len(names) - len(done)
