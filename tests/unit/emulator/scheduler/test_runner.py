"""Schedules are fired when they are due, and not without end."""

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from wavetank.emulator.runtime.clock import Clock
from wavetank.emulator.runtime.inflight import IN_FLIGHT
from wavetank.emulator.scheduler import runner
from wavetank.emulator.scheduler.expression import Rate
from wavetank.emulator.scheduler.runner import Runner, Schedule

LONG_S = 30.0


class Fired:
    """The times at which a runner has fired a schedule."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.changed = threading.Condition()

    def note(self, _schedule: Schedule, at: float) -> None:
        with self.changed:
            self.times.append(at)
            self.changed.notify_all()

    def wait_for(self, number: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.times) >= number, LONG_S), self.times


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Runner, Clock, Fired]]:
    monkeypatch.setattr(IN_FLIGHT, "watch", lambda *_: None)
    clock, fired = Clock(), Fired()
    it = Runner(clock)
    monkeypatch.setattr(it, "_fire", fired.note)
    yield it, clock, fired
    it.forget("arn")


def minutely(start: float, **more: Any) -> Schedule:
    return Schedule("arn", "runner-test", Rate(60), lambda _at: None, start, **more)


def test_it_fires_at_the_start_and_at_every_time_that_passes(running: tuple[Runner, Clock, Fired]) -> None:
    it, clock, fired = running
    start = clock.now()
    it.keep(minutely(start))
    fired.wait_for(1)
    clock.advance(150)
    fired.wait_for(3)
    assert fired.times == [start, start + 60, start + 120]


def test_a_schedule_that_is_over_is_told_once(running: tuple[Runner, Clock, Fired]) -> None:
    it, clock, fired = running
    over = threading.Event()
    it.keep(minutely(clock.now(), end=clock.now() + 90, finished=over.set))
    clock.advance(3600)
    assert over.wait(LONG_S)
    assert len(fired.times) == 2


def test_what_was_due_too_often_at_once_is_left_out(
    running: tuple[Runner, Clock, Fired], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(runner, "MOST_AT_ONCE", 5)
    it, clock, fired = running
    it.keep(minutely(clock.now()))
    fired.wait_for(1)
    with caplog.at_level(logging.WARNING):
        clock.advance(365 * 86_400)
        fired.wait_for(6)
        clock.advance(60)
        fired.wait_for(7)
    assert "the rest is left out" in caplog.text
    assert len(fired.times) in (7, 8)


def test_nothing_is_fired_of_the_time_that_it_is_not_to_fire_for(running: tuple[Runner, Clock, Fired]) -> None:
    it, clock, fired = running
    now = clock.now()
    it.keep(minutely(now - 90), after=now)
    clock.advance(100)
    fired.wait_for(2)
    assert fired.times == [now + 30, now + 90]
