"""A reset asks everybody who holds data, and remembers what is forgotten."""

import pytest

from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.reset import Reset


def test_everybody_is_asked_even_when_one_fails_and_the_failure_is_told() -> None:
    reset, asked = Reset(), []

    def fail() -> None:
        raise OSError("no")

    reset.enrol("one", fail)
    reset.enrol("two", lambda: asked.append("two"))
    with pytest.raises(OSError, match="no"):
        reset.run()
    assert asked == ["two"]
    reset.strike_off("one")
    reset.run()
    assert asked == ["two", "two"]


def test_what_arrived_before_is_forgotten_and_what_arrives_after_is_not() -> None:
    reset = Reset()
    before = CLOCK.now()
    assert not reset.forgets(before)
    reset.run()
    assert reset.forgets(before)
    assert not reset.forgets(int(CLOCK.now() * 1000) / 1000)


def test_the_buckets_of_data_are_those_of_everybody() -> None:
    reset = Reset()
    reset.write_to("one", lambda: {"a"})
    reset.write_to("two", lambda: {"a", "b"})
    assert reset.buckets() == {"a", "b"}
