"""Emulator time: advancing it wakes those who wait, and only those whose time has come."""

import threading
import time

import pytest

from wavetank.emulator.runtime import clock as clock_module
from wavetank.emulator.runtime.clock import Alarm, Clock, since_boot

HOUR_S = 3600.0
LONG_S = 30.0


def waiting(alarm: Alarm, timeout: float | None) -> tuple[threading.Thread, list[bool]]:
    """A thread that waits on the alarm, and the list in which it puts what `wait` returned."""
    result: list[bool] = []
    thread = threading.Thread(target=lambda: result.append(alarm.wait(timeout)), daemon=True)
    thread.start()
    return thread, result


def test_it_runs_with_the_wall_clock_until_it_is_advanced() -> None:
    clock = Clock()
    assert clock.now() == pytest.approx(time.time(), abs=1)
    assert clock.advance(HOUR_S) == pytest.approx(time.time() + HOUR_S, abs=1)
    assert clock.offset == HOUR_S


@pytest.mark.parametrize("step", [-HOUR_S, HOUR_S])
def test_a_step_of_the_wall_clock_moves_nothing(monkeypatch: pytest.MonkeyPatch, step: float) -> None:
    clock = Clock()
    before = clock.now()
    wall = time.time
    monkeypatch.setattr(time, "time", lambda: wall() + step)
    assert clock.now() == pytest.approx(before, abs=LONG_S)
    assert clock.steady() == pytest.approx(before, abs=LONG_S)
    assert clock.advance(1) == pytest.approx(before + 1, abs=LONG_S)


def test_a_wait_ends_in_time_though_the_wall_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    thread, result = waiting(Alarm(Clock()), 0.2)
    wall = time.time
    monkeypatch.setattr(time, "time", lambda: wall() - HOUR_S)
    thread.join(LONG_S)
    assert result == [False]


def test_a_wait_does_not_end_early_when_the_wall_clock_is_set_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    alarm = Alarm(Clock())
    thread, result = waiting(alarm, HOUR_S / 2)
    wall = time.time
    monkeypatch.setattr(time, "time", lambda: wall() + HOUR_S)
    alarm._look_again()
    thread.join(0.05)
    assert (thread.is_alive(), result) == (True, [])
    alarm.set()
    thread.join(LONG_S)


def test_a_wait_counts_the_time_in_which_the_machine_slept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_module, "LONGEST_SLEEP_S", 0.01)
    slept = [0.0]
    thread, result = waiting(Alarm(Clock(lambda: time.monotonic() + slept[0])), HOUR_S)
    slept[0] = HOUR_S
    thread.join(LONG_S)
    assert result == [False]


def test_time_that_the_machine_slept_counts() -> None:
    running_s, slept_s = time.clock_gettime(time.CLOCK_MONOTONIC), since_boot()
    assert slept_s >= running_s
    assert since_boot() - time.clock_gettime(time.CLOCK_BOOTTIME) == pytest.approx(0, abs=LONG_S)


def test_it_does_not_run_backwards() -> None:
    clock = Clock()
    with pytest.raises(ValueError, match="only moves forward"):
        clock.advance(-1)
    assert clock.offset == 0


def test_advancing_from_many_threads_adds_up() -> None:
    clock = Clock()
    threads = [threading.Thread(target=lambda: [clock.advance(1) for _ in range(100)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.offset == 800


def test_a_waiter_wakes_when_the_clock_passes_its_deadline() -> None:
    clock = Clock()
    thread, result = waiting(Alarm(clock), HOUR_S)
    clock.advance(HOUR_S - LONG_S)
    clock.advance(LONG_S)
    thread.join(LONG_S)
    assert result == [False]


def test_a_waiter_whose_deadline_has_not_come_sleeps_on() -> None:
    clock = Clock()
    alarm = Alarm(clock)
    thread, result = waiting(alarm, 2 * HOUR_S)
    clock.advance(HOUR_S)
    thread.join(0.05)
    assert (thread.is_alive(), result) == (True, [])
    alarm.set()
    thread.join(LONG_S)
    assert result == [True]


def test_an_alarm_that_rang_before_the_wait_is_not_missed() -> None:
    alarm = Alarm(Clock())
    alarm.set()
    assert alarm.is_set()
    assert alarm.wait(LONG_S)
    alarm.clear()
    assert not alarm.wait(0)


def test_ringing_wakes_a_waiter_without_a_deadline() -> None:
    alarm = Alarm(Clock())
    thread, result = waiting(alarm, None)
    alarm.set()
    thread.join(LONG_S)
    assert result == [True]


def test_patience_ends_by_the_wall_clock() -> None:
    assert not Alarm(Clock()).wait(patience=0.01)


def test_time_that_is_moved_on_does_not_end_patience() -> None:
    clock = Clock()
    alarm, ended = Alarm(clock), threading.Event()

    def wait() -> None:
        alarm.wait(patience=60)
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    for _ in range(5):
        clock.advance(3600)
        assert not ended.wait(0.02)
    alarm.set()
    assert ended.wait(10)


def test_time_that_was_passed_over_is_told_from_time_that_was_lived() -> None:
    ticking = [0.0]
    clock = Clock(lambda: ticking[0])
    start = clock.now()
    ticking[0] = 100.0
    clock.advance(HOUR_S)
    ticking[0] = 400.0
    clock.advance(HOUR_S, lived=True)
    assert clock.jumps(start) == [(start + 100, start + 100 + HOUR_S)]
    assert clock.jump(start + 99) is None
    assert clock.jump(start + 200) == (start + 100, start + 100 + HOUR_S)
    assert clock.jumped_until == start + 100 + HOUR_S
    assert clock.is_lived(start, start + 200)
    assert not clock.is_lived(start, start + 201)
    assert clock.is_lived(start + 100 + HOUR_S, start + 3 * HOUR_S)


def test_jumps_with_next_to_no_time_between_them_are_one() -> None:
    ticking = [0.0]
    clock = Clock(lambda: ticking[0])
    start = clock.now()
    for _ in range(1_000):
        clock.advance(60)
        ticking[0] += 0.01
    [(first, last)] = clock.jumps(start)
    assert first == start
    assert last == pytest.approx(start + 60_010, abs=1)
