"""Handing over in batches."""

import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from wavetank.emulator.runtime.batcher import Batcher
from wavetank.emulator.runtime.inflight import IN_FLIGHT

HOP = "test.batcher"
FOREVER_S = 3600.0
DEADLINE_S = 10.0

Make = Callable[[Callable[[Sequence[int]], None], float], Batcher[int]]


@pytest.fixture
def make() -> Iterator[Make]:
    """A batcher that is in flight by the name of `HOP` for the length of the test."""
    yield lambda hand_over, linger_s: Batcher(HOP, hand_over, linger_s)
    IN_FLIGHT.unwatch(HOP)


def in_flight() -> list[str]:
    return [pending.what for pending in IN_FLIGHT.pending() if pending.hop == HOP]


def test_what_comes_while_the_first_waits_goes_with_it_in_order(make: Make) -> None:
    batches, handed_over = list[list[int]](), threading.Event()

    def hand_over(items: Sequence[int]) -> None:
        batches.append(list(items))
        handed_over.set()

    batcher = make(hand_over, FOREVER_S)
    for number in range(5):
        batcher.add(number)
    assert in_flight() == ["5 to hand over"]
    batcher.flush()
    assert handed_over.wait(DEADLINE_S)
    assert batches == [[0, 1, 2, 3, 4]]


def test_settle_does_not_wait_for_the_linger(make: Make) -> None:
    batches = list[list[int]]()
    batcher = make(lambda items: batches.append(list(items)), FOREVER_S)
    batcher.add(1)
    assert IN_FLIGHT.settle(DEADLINE_S) == []
    assert batches == [[1]]


def test_a_batch_counts_as_in_flight_until_it_was_handed_over(make: Make) -> None:
    began, gate = threading.Event(), threading.Event()

    def hand_over(items: Sequence[int]) -> None:
        began.set()
        gate.wait(DEADLINE_S)

    batcher = make(hand_over, 0.0)
    batcher.add(1)
    assert began.wait(DEADLINE_S)
    assert in_flight() == ["1 to hand over"]
    gate.set()
    assert IN_FLIGHT.settle(DEADLINE_S) == []


def test_a_failed_hand_over_does_not_stop_the_next(make: Make) -> None:
    taken = list[int]()

    def hand_over(items: Sequence[int]) -> None:
        if 0 in items:
            raise RuntimeError("no")
        taken.extend(items)

    batcher = make(hand_over, 0.0)
    for number in range(3):
        batcher.add(number)
        assert IN_FLIGHT.settle(DEADLINE_S) == []
    assert taken == [1, 2]
