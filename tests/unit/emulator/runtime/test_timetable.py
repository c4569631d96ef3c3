"""What is due is done when its time has come, by the thread or by whoever looks first."""

import threading
from concurrent.futures import ThreadPoolExecutor
from math import inf

from tests.waiting import until
from wavetank.emulator.runtime.clock import Clock
from wavetank.emulator.runtime.timetable import Timetable

LONG_S = 1000.0


class Chores:
    """What is due, and when it was done."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.due: list[float] = []
        self.done: list[float] = []
        self.looks = 0

    def do(self) -> float:
        self.looks += 1
        now = self.clock.now()
        self.done += [at for at in self.due if at <= now]
        self.due = [at for at in self.due if at > now]
        return min(self.due, default=inf)


def test_whoever_looks_finds_done_what_is_due() -> None:
    clock = Clock()
    chores = Chores(clock)
    timetable = Timetable(chores.do, clock)
    first, second = clock.now() + LONG_S, clock.now() + 2 * LONG_S
    chores.due = [first, second]
    timetable.expect(first)
    timetable.catch_up()
    assert chores.looks == 0
    clock.advance(LONG_S)
    timetable.catch_up()
    assert chores.done == [first]
    clock.advance(LONG_S)
    timetable.catch_up()
    assert chores.done == [first, second]


def test_the_thread_does_what_is_due_when_time_has_passed() -> None:
    clock = Clock()
    chores = Chores(clock)
    timetable = Timetable(chores.do, clock)
    timetable.start()
    try:
        later, sooner = clock.now() + 2 * LONG_S, clock.now() + LONG_S
        chores.due = [later, sooner]
        timetable.expect(later)
        timetable.expect(sooner)
        clock.advance(LONG_S)
        assert until(lambda: chores.done == [sooner])
        clock.advance(LONG_S)
        assert until(lambda: chores.done == [sooner, later])
    finally:
        timetable.stop()
    assert chores.looks == 2


def test_whoever_looks_while_it_is_being_done_waits_for_it() -> None:
    clock, begun, may_end = Clock(), threading.Event(), threading.Event()

    def do() -> float:
        begun.set()
        may_end.wait(LONG_S)
        return inf

    timetable = Timetable(do, clock)
    timetable.expect(clock.now())
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(timetable.catch_up)
        assert begun.wait(LONG_S)
        assert timetable.is_due
        second = pool.submit(timetable.catch_up)
        may_end.set()
        first.result()
        second.result()
    assert not timetable.is_due
