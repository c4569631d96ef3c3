"""LocalStack's own waiting goes by a clock that nobody sets."""

import threading
import time
from datetime import UTC, datetime
from importlib import import_module
from types import ModuleType

import pytest

from wavetank.emulator.patches import steady_waits
from wavetank.emulator.runtime.clock import CLOCK

HOUR_S = 3600.0
LONG_S = 30.0


@pytest.fixture
def set_back(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Once it is set, the wall clock tells an hour less."""
    event, wall = threading.Event(), time.time
    monkeypatch.setattr(time, "time", lambda: wall() - HOUR_S * event.is_set())
    return event


def patched(monkeypatch: pytest.MonkeyPatch, name: str) -> ModuleType:
    """A module of LocalStack as a stack has it, until the end of the test."""
    module = import_module(name)
    monkeypatch.setitem(vars(module), "time", time)
    steady_waits.reckon_steadily(module)
    return module


def test_queues_are_looked_after_in_every_period_though_the_wall_clock_is_set_back(
    monkeypatch: pytest.MonkeyPatch, set_back: threading.Event
) -> None:
    scheduler = patched(monkeypatch, steady_waits.QUEUES).Scheduler()
    looked_after = threading.Semaphore(0)
    thread = threading.Thread(target=scheduler.run, daemon=True)
    thread.start()
    task = scheduler.schedule(looked_after.release, period=0.02)
    assert looked_after.acquire(timeout=LONG_S)
    set_back.set()
    assert all(looked_after.acquire(timeout=LONG_S) for _ in range(3))
    task.cancel()
    scheduler.close()
    thread.join(LONG_S)


def test_a_long_poll_ends_in_time_though_the_wall_clock_is_set_back(
    monkeypatch: pytest.MonkeyPatch, set_back: threading.Event
) -> None:
    module = patched(monkeypatch, steady_waits.LONG_POLLS)
    queue, ended = module.InterruptibleQueue(), threading.Event()

    def poll() -> None:
        with pytest.raises(module.Empty):
            queue.get(timeout=0.1)
        ended.set()

    threading.Thread(target=poll, daemon=True).start()
    set_back.set()
    assert ended.wait(LONG_S)


@pytest.mark.parametrize(("minute", "is_due"), [(58, False), (59, True)])
def test_rules_are_due_by_the_steady_time(monkeypatch: pytest.MonkeyPatch, minute: int, is_due: bool) -> None:
    module = import_module(steady_waits.RULES)
    monkeypatch.setattr(module.Job, "should_run_now", module.Job.should_run_now)
    steady_waits.look_steadily(module)
    at = datetime(2031, 5, 4, 11, minute, 30, tzinfo=UTC)
    monkeypatch.setattr(CLOCK, "steady", at.timestamp)
    assert module.Job(print, "0 12 * * ? *", True).should_run_now() is is_due
