"""What is gathered is sent in time, or at once when a settle asks for it."""

import threading
from collections.abc import Iterator

import pytest

from wavetank.emulator.runtime.batcher import Reporter
from wavetank.emulator.runtime.inflight import IN_FLIGHT

HOP = "test.reporter"
FOREVER_S = 3600.0
DEADLINE_S = 10.0


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
    reporter = Reporter(HOP, gathered.is_waiting, gathered.send, FOREVER_S)
    reporter.start()
    reporter.start()
    yield reporter
    reporter.stop()


def test_a_settle_sends_what_waits(gathered: Gathered, reporter: Reporter) -> None:
    gathered.waiting = [1, 2]
    assert [item.hop for item in reporter.pending()] == [HOP]
    assert IN_FLIGHT.settle(DEADLINE_S) == []
    assert gathered.sent == [[1, 2]]


def test_it_is_sent_once_when_all_else_is_over(gathered: Gathered, reporter: Reporter) -> None:
    end = IN_FLIGHT.begin("test.work", "f", "work")
    gathered.waiting = [1]
    assert [item.hop for item in IN_FLIGHT.settle(0.05)] == ["test.work"]
    assert gathered.sent == []
    end()
    assert IN_FLIGHT.settle(DEADLINE_S) == []
    assert gathered.sent == [[1]]


def test_what_waits_is_sent_in_time(gathered: Gathered) -> None:
    reporter = Reporter(HOP, gathered.is_waiting, gathered.send, 0.001)
    reporter.start()
    gathered.waiting = [1]
    assert gathered.arrived.wait(DEADLINE_S)
    reporter.stop()


def test_trouble_does_not_end_it(gathered: Gathered, reporter: Reporter) -> None:
    gathered.trouble = LookupError("no")
    for number in range(2):
        gathered.waiting = [number]
        assert IN_FLIGHT.settle(DEADLINE_S) == []
    assert gathered.sent == [[0], [1]]


def test_a_stopped_one_holds_no_settle_up(gathered: Gathered, reporter: Reporter) -> None:
    gathered.waiting = [1]
    reporter.stop()
    assert IN_FLIGHT.settle(0) == []
