"""Callers are known by their keys, and die at the call that was named."""

from wavetank.emulator.runtime.callers import Caller, Callers, PlannedKill


def test_a_caller_is_found_by_its_key_until_it_is_struck_off() -> None:
    callers, caller = Callers(), Caller("f", lambda: None)
    callers.enrol("key", caller)
    assert callers.find("key") is caller
    assert callers.find("another") is None
    assert callers.find(None) is None
    callers.strike_off("key")
    callers.strike_off("key")
    assert callers.find("key") is None


def test_the_planned_kill_is_due_once_at_its_call() -> None:
    caller = Caller("f", lambda: None)
    assert caller.count_call() is None
    caller.kill_at(PlannedKill(2, after=True))
    assert [caller.count_call() is not None for _ in range(3)] == [False, True, False]


def test_a_caller_whose_kill_is_cancelled_lives() -> None:
    caller = Caller("f", lambda: None)
    caller.kill_at(PlannedKill(1, after=False))
    caller.cancel()
    assert caller.count_call() is None
