"""Runs of the concatenator cover every hour of a workload."""

from datetime import UTC, datetime

from wavetank.scenarios.oracle.at_rest import HOUR_US
from wavetank.scenarios.spec.hours import covered_hours, planner_times

MIDNIGHT_US = 1_574_553_600_000_000
"""2019-11-24 00:00 UTC."""


def hours(*numbers: float) -> list[int]:
    return [MIDNIGHT_US + int(number * HOUR_US) for number in numbers]


def test_one_run_covers_twelve_hours() -> None:
    assert planner_times(hours(*range(12))) == [datetime(2019, 11, 24, 11, 30, tzinfo=UTC)]


def test_a_thirteenth_hour_needs_a_second_run() -> None:
    assert len(planner_times(hours(*range(13)))) == 2


def test_every_hour_with_an_event_is_covered() -> None:
    times = hours(0, 0.99, 11.5, 12, 40, 167.9)
    covered = covered_hours(planner_times(times))
    assert {time // HOUR_US * HOUR_US for time in times} <= covered


def test_hours_before_1970_are_covered() -> None:
    last_of_1969 = -HOUR_US // 2
    assert planner_times([last_of_1969]) == [datetime(1970, 1, 1, 10, 30, tzinfo=UTC)]
    assert covered_hours(planner_times([last_of_1969])) >= {-HOUR_US}


def test_the_last_hour_that_has_a_date_is_covered_as_of_that_hour() -> None:
    last = datetime(9999, 12, 31, 23, tzinfo=UTC)
    hour_us = int(last.timestamp()) * 1_000_000
    assert planner_times([hour_us, hour_us - 13 * HOUR_US]) == [
        datetime(9999, 12, 31, 21, 30, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 30, tzinfo=UTC),
    ]
    assert hour_us in covered_hours(planner_times([hour_us]))


def test_the_first_hour_that_has_a_date_is_covered() -> None:
    hour_us = -62_135_596_800 * 1_000_000
    assert planner_times([hour_us]) == [datetime(1, 1, 1, 11, 30, tzinfo=UTC)]
    assert hour_us in covered_hours(planner_times([hour_us]))


def test_events_without_a_date_of_their_own_need_no_run_outside_the_years_there_are() -> None:
    assert planner_times([10**18, 10**19]) == [datetime(9999, 12, 31, 23, 30, tzinfo=UTC)]


def test_no_events_need_no_run() -> None:
    assert planner_times([]) == []
    assert covered_hours([]) == frozenset()
