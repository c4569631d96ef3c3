"""The checkpoint never passes a record that is not done, and nothing done is forgotten."""

from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.lambda_.mappings.stream.core.watermark import DONE, Ledger


def test_the_checkpoint_follows_a_single_lane() -> None:
    ledger = Ledger(1)
    ledger.give(["1", "2", "3"], [0, 0, 0])
    assert (ledger.checkpoint, ledger.outstanding) == (None, 3)
    ledger.finish(0, 2)
    assert (ledger.checkpoint, ledger.outstanding) == ("2", 1)


def test_a_fast_lane_does_not_move_the_checkpoint_past_a_slow_one() -> None:
    ledger = Ledger(2)
    ledger.give(["1", "2", "3"], [0, 1, 1])
    ledger.finish(1, 2)
    assert ledger.checkpoint is None
    assert ledger.ahead() == {"2", "3"}
    ledger.finish(0, 1)
    assert ledger.checkpoint == "3"
    assert ledger.ahead() == frozenset()


def test_records_that_need_no_delivery_move_the_checkpoint() -> None:
    ledger = Ledger(1)
    ledger.give(["1", "2"], [DONE, DONE])
    assert (ledger.checkpoint, ledger.outstanding) == ("2", 0)


def test_records_that_need_no_delivery_wait_for_those_before_them() -> None:
    ledger = Ledger(1)
    ledger.give(["1", "2", "3"], [0, DONE, 0])
    assert ledger.checkpoint is None
    ledger.finish(0, 1)
    assert ledger.checkpoint == "2"


@given(
    lanes=st.lists(st.integers(min_value=DONE, max_value=2), max_size=30),
    order=st.randoms(use_true_random=False),
)
def test_checkpoint_and_ahead_together_are_exactly_what_is_done(lanes: list[int], order: object) -> None:
    ledger = Ledger(3)
    names = [str(n) for n in range(len(lanes))]
    ledger.give(names, lanes)
    open_of = {lane: [n for n, of in zip(names, lanes, strict=True) if of == lane] for lane in range(3)}
    done = {n for n, lane in zip(names, lanes, strict=True) if lane == DONE}
    steps = [lane for lane in lanes if lane != DONE]
    order.shuffle(steps)  # type: ignore[attr-defined]
    for lane in steps:
        ledger.finish(lane, 1)
        done.add(open_of[lane].pop(0))
        passed = set(names[: names.index(ledger.checkpoint) + 1]) if ledger.checkpoint else set()
        assert passed | ledger.ahead() == done
        assert ledger.outstanding == len(names) - len(done)
