"""Batches: when they are cut, how large, and in which order they are worked on."""

import math

from tests.unit.emulator.lambda_.mappings.stream.batches import ERROR, OK, THROTTLED, numbers, records
from wavetank.emulator.lambda_.mappings.batch_window import ENVELOPE_BYTES, SEPARATOR, BatchLimits
from wavetank.emulator.lambda_.mappings.stream.core.lane import GiveUp, Invoke, Lane, Task, Wait
from wavetank.emulator.lambda_.mappings.stream.core.response import Outcome
from wavetank.emulator.lambda_.mappings.stream.core.settings import RetryPolicy

DAY = 86_400.0


def batch_of(task: Task) -> list[int]:
    assert isinstance(task, Invoke)
    return numbers(task.work.records)


def attempt(lane: Lane, outcome: Outcome, now: float) -> list[int]:
    """Let the batch that is due end so, and say which it was."""
    batch = batch_of(lane.next(now, DAY))
    lane.apply(lane.decide(outcome, now))
    return batch


def test_without_a_window_whatever_waits_is_sent_at_once() -> None:
    lane = Lane(BatchLimits(records=100), RetryPolicy())
    lane.window.put(records(1, 2), now=0)
    assert batch_of(lane.next(0, DAY)) == [1, 2]


def test_no_batch_is_larger_than_the_batch_size() -> None:
    lane = Lane(BatchLimits(records=2), RetryPolicy())
    lane.window.put(records(1, 2, 3), now=0)
    assert [attempt(lane, OK, 0), attempt(lane, OK, 0)] == [[1, 2], [3]]


def test_an_empty_lane_waits_for_records() -> None:
    assert Lane(BatchLimits(), RetryPolicy()).next(0, DAY) == Wait(None)


def test_the_window_opens_with_the_first_record_and_closes_after_its_time() -> None:
    lane = Lane(BatchLimits(records=100, window_s=5), RetryPolicy())
    lane.window.put(records(1), now=10)
    lane.window.put(records(2), now=14)
    assert lane.next(14.9, DAY) == Wait(15)
    assert batch_of(lane.next(15, DAY)) == [1, 2]


def test_a_full_batch_does_not_wait_for_the_window() -> None:
    lane = Lane(BatchLimits(records=2, window_s=5), RetryPolicy())
    lane.window.put(records(1, 2), now=0)
    assert batch_of(lane.next(0, DAY)) == [1, 2]


def test_a_batch_that_has_reached_the_payload_limit_does_not_wait_for_the_window() -> None:
    lane = Lane(BatchLimits(records=100, window_s=5, payload_bytes=50), RetryPolicy())
    lane.window.put(records(1, 2, 3, 4, 5), now=0)
    assert batch_of(lane.next(0, DAY)) == [1, 2, 3]


def test_what_is_left_after_a_batch_gets_a_window_of_its_own() -> None:
    lane = Lane(BatchLimits(records=2, window_s=5), RetryPolicy())
    lane.window.put(records(1, 2, 3), now=0)
    assert attempt(lane, OK, 3) == [1, 2]
    assert lane.next(3, DAY) == Wait(8)


def test_a_flush_closes_the_window_for_what_waits_and_for_no_more() -> None:
    lane = Lane(BatchLimits(records=100, window_s=5), RetryPolicy())
    lane.window.put(records(1), now=0)
    lane.window.flush()
    assert attempt(lane, OK, 0) == [1]
    lane.window.put(records(2), now=1)
    assert lane.next(1, DAY) == Wait(6)


def test_the_event_of_a_batch_never_exceeds_the_payload_limit() -> None:
    size = 1000
    limit = ENVELOPE_BYTES + 3 * (size + len(SEPARATOR))
    lane = Lane(BatchLimits(records=100, payload_bytes=limit), RetryPolicy())
    lane.window.put(records(*range(7), size=size), now=0)
    assert [attempt(lane, OK, 0) for _ in range(3)] == [[0, 1, 2], [3, 4, 5], [6]]


def test_a_record_beyond_the_payload_limit_is_sent_alone() -> None:
    lane = Lane(BatchLimits(payload_bytes=100), RetryPolicy())
    lane.window.put([*records(1), *records(2, size=500), *records(3)], now=0)
    assert [attempt(lane, OK, 0) for _ in range(3)] == [[1], [2], [3]]


def test_a_failed_batch_waits_and_nothing_overtakes_it() -> None:
    lane = Lane(BatchLimits(records=1), RetryPolicy())
    lane.window.put(records(1, 2), now=0)
    assert attempt(lane, ERROR, 0) == [1]
    wait = lane.next(0, DAY)
    assert isinstance(wait, Wait)
    assert wait.until is not None
    assert [attempt(lane, OK, wait.until), attempt(lane, OK, wait.until)] == [[1], [2]]


def test_bisecting_isolates_a_bad_record_in_order() -> None:
    lane = Lane(BatchLimits(), RetryPolicy(max_retries=0, bisect=True))
    lane.window.put(records(1, 2, 3, 4), now=0)
    now, seen = 0.0, []
    while lane.window or lane.under_way:
        task = lane.next(now, DAY)
        if isinstance(task, Wait):
            assert task.until is not None
            now = task.until
            continue
        batch = batch_of(task)
        seen.append(batch)
        lane.apply(lane.decide(ERROR if 3 in batch else OK, now))
    assert seen == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [4]]


def test_records_that_are_too_old_are_given_up_before_they_are_sent() -> None:
    lane = Lane(BatchLimits(), RetryPolicy(max_age_s=60))
    lane.window.put(records(1, 2, 100), now=100)
    task = lane.next(100, DAY)
    assert isinstance(task, GiveUp)
    lane.apply(task.step)
    assert attempt(lane, OK, 100) == [100]


def test_a_waiting_retry_is_woken_when_its_first_record_gets_too_old() -> None:
    lane = Lane(BatchLimits(), RetryPolicy(max_age_s=60))
    lane.window.put(records(0), now=59.9)
    attempt(lane, ERROR, 59.9)
    assert lane.next(59.95, DAY) == Wait(60)


def test_records_older_than_the_retention_are_given_up_once_they_were_tried() -> None:
    lane = Lane(BatchLimits(), RetryPolicy())
    lane.window.put(records(0), now=2 * DAY)
    assert attempt(lane, THROTTLED, 2 * DAY) == [0]
    assert isinstance(lane.next(2 * DAY + 1, DAY), GiveUp)


def test_without_a_limit_records_never_expire() -> None:
    lane = Lane(BatchLimits(), RetryPolicy())
    lane.window.put(records(0), now=0)
    attempt(lane, ERROR, 0)
    assert batch_of(lane.next(1e9, math.inf)) == [0]
