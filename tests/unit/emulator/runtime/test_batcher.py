"""Batches are handed over in order, and what is gathered is sent in time, or at once when a settle asks for it."""

import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from wavetank.emulator.runtime.batcher import Batcher, Reporter
from wavetank.emulator.runtime.inflight import IN_FLIGHT

HOP = "test.batcher"
REPORTED = "test.reporter"
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


class Gathered:
    """Things that are to be sent, and those that were."""

    def __init__(self) -> None:
        self.waiting: list[int] = []
        self.sent: list[list[int]] = []
        self.arrived = threading.Event()
        self.trouble: Exception | None = None

    def is_waiting(self) -> bool:
        return bool(self.waiting)

    def send(self) -> None:
        taken, self.waiting = self.waiting, []
        self.sent.append(taken)
        self.arrived.set()
        if self.trouble is not None:
            raise self.trouble


@pytest.fixture
def gathered() -> Gathered:
    return Gathered()


@pytest.fixture
def reporter(gathered: Gathered) -> Iterator[Reporter]:
    """A reporter that sends nothing by itself for the length of a test."""
    reporter = Reporter(REPORTED, gathered.is_waiting, gathered.send, FOREVER_S)
    reporter.start()
    reporter.start()
    yield reporter
    reporter.stop()


def test_a_settle_sends_what_waits(gathered: Gathered, reporter: Reporter) -> None:
    gathered.waiting = [1, 2]
    assert [item.hop for item in reporter.pending()] == [REPORTED]
    assert IN_FLIGHT.settle(DEADLINE_S) == []
    assert gathered.sent == [[1, 2]]


def test_what_waits_is_sent_once_when_all_else_is_over(gathered: Gathered, reporter: Reporter) -> None:
    end = IN_FLIGHT.begin("test.work", "f", "work")
    gathered.waiting = [1]
    assert [item.hop for item in IN_FLIGHT.settle(0.05)] == ["test.work"]
    assert gathered.sent == []
    end()
    assert IN_FLIGHT.settle(DEADLINE_S) == []
    assert gathered.sent == [[1]]


def test_what_waits_is_sent_in_time(gathered: Gathered) -> None:
    reporter = Reporter(REPORTED, gathered.is_waiting, gathered.send, 0.001)
    reporter.start()
    gathered.waiting = [1]
    assert gathered.arrived.wait(DEADLINE_S)
    reporter.stop()


def test_trouble_does_not_end_a_reporter(gathered: Gathered, reporter: Reporter) -> None:
    gathered.trouble = LookupError("no")
    for number in range(2):
        gathered.waiting = [number]
        assert IN_FLIGHT.settle(DEADLINE_S) == []
    assert gathered.sent == [[0], [1]]


def test_a_stopped_reporter_holds_no_settle_up(gathered: Gathered, reporter: Reporter) -> None:
    gathered.waiting = [1]
    reporter.stop()
    assert IN_FLIGHT.settle(0) == []
