"""Callers are known by their keys, and die at the call that was named."""

from wavetank.emulator.runtime.callers import Caller, Callers, Doom


def test_a_caller_is_found_by_its_key_until_it_is_struck_off() -> None:
    callers, caller = Callers(), Caller("f", lambda: None)
    callers.enrol("key", caller)
    assert callers.find("key") is caller
    assert callers.find("another") is None
    assert callers.find(None) is None
    callers.strike_off("key")
    callers.strike_off("key")
    assert callers.find("key") is None


def test_the_doom_is_due_once_at_its_call() -> None:
    caller = Caller("f", lambda: None)
    assert caller.due() is None
    caller.sentence(Doom(2, after=True))
    assert [doom is not None for doom in (caller.due(), caller.due(), caller.due())] == [False, True, False]


def test_a_pardoned_caller_lives() -> None:
    caller = Caller("f", lambda: None)
    caller.sentence(Doom(1, after=False))
    caller.pardon()
    assert caller.due() is None
