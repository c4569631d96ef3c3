"""A hunt does not wait for ever for a drill: a mutant may loop, or keep something in flight."""

from threading import Event

import pytest

from wavetank.scenarios.exploration.mutants.hunt import UnendingError, ended


def test_work_that_ends_in_time_has_its_result() -> None:
    assert ended(lambda: 7, "seven", seconds=60.0) == 7


def test_work_that_fails_fails_as_it_would() -> None:
    with pytest.raises(ZeroDivisionError):
        ended(lambda: 1 // 0, "a division", seconds=60.0)


def test_a_time_out_of_the_work_itself_is_not_taken_for_its_never_ending() -> None:
    def times_out() -> None:
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        ended(times_out, "a call", seconds=60.0)


def test_work_that_does_not_end_in_time_is_named_and_left_alone() -> None:
    over = Event()
    try:
        with pytest.raises(UnendingError, match="a loop"):
            ended(over.wait, "a loop", seconds=0.01)
    finally:
        over.set()
