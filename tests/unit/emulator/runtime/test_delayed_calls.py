"""Things done later are done in emulator time, each once, whatever the others do."""

import threading

from wavetank.emulator.runtime.clock import Clock
from wavetank.emulator.runtime.delayed_calls import DelayedCalls

ENOUGH_S = 30.0
HOUR_S = 3600.0


def test_an_action_is_called_when_its_time_has_come_and_not_before() -> None:
    clock = Clock()
    calls, called, early = DelayedCalls(clock), threading.Event(), threading.Event()
    calls.after(HOUR_S, called.set)
    calls.after(0, early.set)
    assert early.wait(ENOUGH_S)
    assert not called.is_set()
    clock.advance(HOUR_S)
    assert called.wait(ENOUGH_S)


def test_what_is_due_earlier_goes_first_whenever_it_was_asked_for() -> None:
    clock = Clock()
    calls, order, done = DelayedCalls(clock), list[str](), threading.Event()
    calls.after(HOUR_S + 1, done.set)
    calls.after(HOUR_S, lambda: order.append("second"))
    calls.after(HOUR_S / 2, lambda: order.append("first"))
    clock.advance(2 * HOUR_S)
    assert done.wait(ENOUGH_S)
    assert order == ["first", "second"]


def test_an_action_that_fails_stops_no_other() -> None:
    calls, called = DelayedCalls(Clock()), threading.Event()
    calls.after(0, lambda: [][0])
    calls.after(0, called.set)
    assert called.wait(ENOUGH_S)
