"""Runs of the concatenator cover every hour of a workload."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from wavetank.pipeline import topology
from wavetank.scenarios.oracle.at_rest import HOUR_US
from wavetank.scenarios.spec.hours import covered_hours, planner_times, replayer_times

GRACE = timedelta(minutes=topology.CHUNK_GRACE_MINUTES)
MIDNIGHT_US = 1_574_553_600_000_000
"""2019-11-24 00:00 UTC."""


def hours(*numbers: float) -> list[int]:
    return [MIDNIGHT_US + int(number * HOUR_US) for number in numbers]


def test_one_run_reaches_the_hour_that_the_look_back_ends_in() -> None:
    assert planner_times(hours(*range(13))) == [datetime(2019, 11, 24, 12, 5, tzinfo=UTC)]


def test_a_fourteenth_hour_needs_a_second_run() -> None:
    assert len(planner_times(hours(*range(14)))) == 2


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=20))
def test_the_run_of_the_hour_after_does_not_reach_the_first_hour_of_one(some: list[int]) -> None:
    for time in planner_times(hours(*some)):
        covered = covered_hours([time])
        assert min(covered) == int((time - timedelta(hours=12)).replace(minute=0).timestamp()) * 1_000_000
        assert min(covered) in hours(*some)
        assert min(covered) not in covered_hours([time + timedelta(hours=1)])


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=20), st.integers(1, 48))
def test_every_hour_is_covered_however_far_the_shortest_look_back_reaches(some: list[int], look_back: int) -> None:
    times = planner_times(hours(*some), look_back)
    assert set(hours(*some)) <= covered_hours(times, look_back)
    for time in times:
        assert min(covered_hours([time], look_back)) in hours(*some)


@given(st.sets(st.integers(0, 60), min_size=1))
def test_the_replayer_reaches_every_hour_of_chunks_and_looks_back_as_far_as_it_can(some: set[int]) -> None:
    first = datetime(2026, 3, 1, tzinfo=UTC)
    chunks = [first + timedelta(hours=number) for number in sorted(some)]
    times = replayer_times(chunks)
    reached = [(time - timedelta(hours=12)).replace(minute=0) for time in times]
    assert reached[0] == chunks[0]
    assert set(reached) <= set(chunks)
    written = timedelta(hours=1) + GRACE
    assert all(
        any(since <= chunk <= time - written for since, time in zip(reached, times, strict=True)) for chunk in chunks
    )


def test_every_hour_with_an_event_is_covered() -> None:
    times = hours(0, 0.99, 11.5, 12, 40, 167.9)
    covered = covered_hours(planner_times(times))
    assert {time // HOUR_US * HOUR_US for time in times} <= covered


def test_hours_before_1970_are_covered() -> None:
    last_of_1969 = -HOUR_US // 2
    assert planner_times([last_of_1969]) == [datetime(1970, 1, 1, 11, 5, tzinfo=UTC)]
    assert covered_hours(planner_times([last_of_1969])) >= {-HOUR_US}


def test_the_last_hour_that_has_a_date_is_covered_as_of_that_hour() -> None:
    last = datetime(9999, 12, 31, 23, tzinfo=UTC)
    hour_us = int(last.timestamp()) * 1_000_000
    assert planner_times([hour_us, hour_us - 14 * HOUR_US]) == [
        datetime(9999, 12, 31, 21, 5, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 5, tzinfo=UTC),
    ]
    assert hour_us in covered_hours(planner_times([hour_us]))


def test_the_first_hour_that_has_a_date_is_covered() -> None:
    hour_us = -62_135_596_800 * 1_000_000
    assert planner_times([hour_us]) == [datetime(1, 1, 1, 12, 5, tzinfo=UTC)]
    assert hour_us in covered_hours(planner_times([hour_us]))


def test_events_without_a_date_of_their_own_need_no_run_outside_the_years_there_are() -> None:
    assert planner_times([10**18, 10**19]) == [datetime(9999, 12, 31, 23, 5, tzinfo=UTC)]


def test_no_events_need_no_run() -> None:
    assert planner_times([]) == []
    assert covered_hours([]) == frozenset()
