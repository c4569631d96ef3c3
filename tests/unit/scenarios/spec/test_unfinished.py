"""A wait leaves out what it is told to, and nothing that is still at work."""

import pytest

from wavetank.emulator.faults.points import Point
from wavetank.emulator.pending import Pending
from wavetank.scenarios.spec.unfinished import BATCH, HELD_BACK, HIDDEN, STOPPED, Unfinished

NOW = 100.0
MERGES = "wavetank-concatenator"
HELD = Pending(Point.AWS_CALL, MERGES, "PutObject", by_fault=True)
INVOCATION = Pending(Point.LAMBDA_INVOKE, MERGES, MERGES)
BATCH_AT_WORK = Pending(BATCH, MERGES, "batch of 4")
HIDDEN_ONES = Pending(HIDDEN, "wavetank-merges", "4 hidden messages", until=NOW + 1)
VISIBLE_ONES = Pending(HIDDEN, "wavetank-merges", "4 messages")
ELSEWHERE = Pending(Point.LAMBDA_INVOKE, "wavetank-partitioner", "wavetank-partitioner")


def test_a_stopped_call_is_left_out_with_its_invocation_its_batch_and_its_messages() -> None:
    assert STOPPED.besides([INVOCATION, BATCH_AT_WORK, HIDDEN_ONES, HELD], NOW) == []


@pytest.mark.parametrize("other", [INVOCATION, BATCH_AT_WORK, VISIBLE_ONES, ELSEWHERE])
def test_what_works_beside_a_stopped_call_is_waited_for(other: Pending) -> None:
    assert STOPPED.besides([INVOCATION, BATCH_AT_WORK, HIDDEN_ONES, HELD, other], NOW) == [other]


def test_a_function_that_is_not_stopped_is_waited_for() -> None:
    assert STOPPED.besides([INVOCATION], NOW) == [INVOCATION]


def test_what_is_held_back_for_a_time_is_left_out_until_that_has_come() -> None:
    late = Pending(Point.S3_NOTIFICATION, "bucket", "a notification", until=NOW + 1, by_fault=True)
    assert HELD_BACK.besides([late], NOW) == []
    assert HELD_BACK.besides([late], NOW + 1) == [late]
    assert Unfinished.of("another").besides([late], NOW) == [late]
