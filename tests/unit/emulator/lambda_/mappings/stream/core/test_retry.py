"""Every way in which an attempt can end, against what AWS documents to come next."""

import math
from dataclasses import dataclass

import pytest

from tests.unit.emulator.lambda_.mappings.stream.batches import ERROR, OK, THROTTLED, numbers, partly, records
from wavetank.emulator.lambda_.mappings.stream.core.response import Outcome
from wavetank.emulator.lambda_.mappings.stream.core.retry import (
    FIRST_WAIT_S,
    LONGEST_WAIT_S,
    Condition,
    Work,
    after,
    expire,
    wait_s,
)
from wavetank.emulator.lambda_.mappings.stream.core.settings import RetryPolicy

NOW = 1000.0

ENDLESS = RetryPolicy()
TWICE = RetryPolicy(max_retries=2)
NEVER = RetryPolicy(max_retries=0)
BISECT = RetryPolicy(max_retries=0, bisect=True)

SOME = Work(records(1, 2, 3, 4))
LAST_TRY = Work(records(1, 2, 3, 4), invokes=2, failures=2)
ALONE = Work(records(3))


@dataclass(frozen=True)
class Row:
    """A batch and how its attempt ended; so many records are then finished, these batches follow, these are lost."""

    work: Work
    outcome: Outcome
    policy: RetryPolicy
    finished: int
    follow: list[list[int]]
    given_up: list[int]


TABLE = {
    "success finishes the batch": Row(SOME, OK, TWICE, 4, [], []),
    "an error with retries left tries the same batch again": Row(SOME, ERROR, TWICE, 0, [[1, 2, 3, 4]], []),
    "an error without end of retries tries again": Row(LAST_TRY, ERROR, ENDLESS, 0, [[1, 2, 3, 4]], []),
    "the last retry spent gives the whole batch up": Row(LAST_TRY, ERROR, TWICE, 4, [], [1, 2, 3, 4]),
    "no retries at all give up after one attempt": Row(SOME, ERROR, NEVER, 4, [], [1, 2, 3, 4]),
    "bisect splits in two halves, whatever is left of retries": Row(SOME, ERROR, BISECT, 0, [[1, 2], [3, 4]], []),
    "bisect of three makes one and two": Row(Work(records(1, 2, 3)), ERROR, BISECT, 0, [[1], [2, 3]], []),
    "bisect leaves a single record to the retries": Row(ALONE, ERROR, BISECT, 1, [], [3]),
    "a partial success goes on from the failed record": Row(SOME, partly(2), NEVER, 2, [[3, 4]], []),
    "a partial success gives retries anew": Row(LAST_TRY, partly(1), TWICE, 1, [[2, 3, 4]], []),
    "a partial success of nothing is an error": Row(LAST_TRY, partly(0), TWICE, 4, [], [1, 2, 3, 4]),
    "with bisect a partial success splits at the record": Row(SOME, partly(2), BISECT, 2, [[3, 4]], []),
    "with bisect a partial success of nothing splits": Row(SOME, partly(0), BISECT, 0, [[1, 2], [3, 4]], []),
    "a throttle spends no retry": Row(SOME, THROTTLED, NEVER, 0, [[1, 2, 3, 4]], []),
    "a throttle never splits": Row(SOME, THROTTLED, BISECT, 0, [[1, 2, 3, 4]], []),
}


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
def test_each_outcome_leads_to_what_aws_documents(row: Row) -> None:
    step = after(row.work, row.outcome, row.policy, NOW)
    assert step.finished == row.finished
    assert [numbers(work.records) for work in step.next] == row.follow
    assert (numbers(step.discard.records) if step.discard else []) == row.given_up


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
def test_no_record_is_lost_or_doubled_by_a_step(row: Row) -> None:
    step = after(row.work, row.outcome, row.policy, NOW)
    kept = [n for work in step.next for n in numbers(work.records)]
    assert numbers(row.work.records)[step.finished :] == kept
    assert step.discard is None or len(step.discard.records) <= step.finished


def test_a_batch_given_up_tells_its_invocations_and_the_last_reply() -> None:
    discard = after(LAST_TRY, ERROR, TWICE, NOW).discard
    assert discard is not None
    assert (discard.condition, discard.invokes, discard.reply) == (Condition.RETRIES, 3, ERROR.reply)


def test_throttles_do_not_count_as_invocations() -> None:
    throttled = after(SOME, THROTTLED, TWICE, NOW).next[0]
    assert (throttled.invokes, throttled.failures, throttled.refusals) == (0, 0, 1)


def test_what_is_left_of_a_partial_success_counts_from_one_again() -> None:
    (rest,) = after(LAST_TRY, partly(3), TWICE, NOW).next
    assert (rest.invokes, rest.failures) == (0, 0)


def test_waits_double_up_to_the_longest() -> None:
    waits = [wait_s(n) for n in range(1, 20)]
    assert waits[:3] == [FIRST_WAIT_S, 2 * FIRST_WAIT_S, 4 * FIRST_WAIT_S]
    assert waits[-1] == LONGEST_WAIT_S
    assert after(Work(records(1), failures=3), ERROR, ENDLESS, NOW).next[0].not_before == NOW + wait_s(4)


def test_only_the_records_that_are_too_old_are_given_up() -> None:
    step = expire(SOME, oldest_arrival=2.0)
    assert step is not None
    assert step.discard is not None
    assert numbers(step.discard.records) == [1, 2]
    assert step.discard.condition is Condition.AGE
    assert step.finished == 2
    assert [numbers(work.records) for work in step.next] == [[3, 4]]


def test_a_batch_that_is_too_old_as_a_whole_leaves_nothing() -> None:
    step = expire(SOME, oldest_arrival=math.inf)
    assert step is not None
    assert (step.finished, step.next) == (4, ())


def test_young_records_do_not_expire() -> None:
    assert expire(SOME, oldest_arrival=0.9) is None


def test_what_expires_was_invoked_once_as_aws_counts_and_has_no_reply() -> None:
    step = expire(Work(SOME.records, invokes=7, failures=7), oldest_arrival=1.0)
    assert step is not None
    assert step.discard is not None
    assert (step.discard.invokes, step.discard.reply) == (1, None)
    assert step.next[0].failures == 7


def test_a_batch_tells_its_attempt_its_next_try_and_its_error() -> None:
    work = after(SOME, ERROR, ENDLESS, NOW).next[0]
    assert work.description(NOW) == "batch of 4, attempt 2, next try in 0.2 s, last error ValueError: no"
    assert SOME.description(NOW) == "batch of 4, attempt 1"
