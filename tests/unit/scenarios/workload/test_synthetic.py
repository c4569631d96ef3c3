"""The synthetic ad stream: exact, ordered, seeded."""

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from wavetank.scenarios.oracle.history import EVENT_TIME
from wavetank.scenarios.workload.synthetic import (
    LISTED_CAMPAIGNS,
    UNLISTED_CAMPAIGNS,
    EventType,
    WorkloadEvent,
    at_edges,
    stream,
    synthetic,
)

START = datetime(2025, 1, 1, 22, tzinfo=UTC)
HOURS = 4.0


def time_us(event: WorkloadEvent) -> int:
    value = event.record[EVENT_TIME]
    assert isinstance(value, int)
    return value


@pytest.mark.parametrize("n", [0, 1, 2, 3, 10, 997])
def test_it_gives_exactly_n_events_in_time_order_inside_the_window(n: int) -> None:
    events = synthetic(n, 7, START, HOURS)
    assert len(events) == n
    assert all(time_us(one) <= time_us(next_) for one, next_ in pairwise(events))
    first, end = START.timestamp() * 1e6, (START + timedelta(hours=HOURS)).timestamp() * 1e6
    assert all(first <= time_us(event) < end for event in events)


@pytest.mark.parametrize("n", [3, 1000])
def test_all_three_types_are_there_and_each_follower_comes_after_what_it_follows(n: int) -> None:
    events = synthetic(n, 7, START, HOURS)
    counts = Counter(event.event_type for event in events)
    assert counts[EventType.IMPRESSION] >= counts[EventType.CLICK] >= counts[EventType.CONVERSION] >= 1
    by_id = {event.event_id: event for event in events}
    for event in events:
        followed = event.record.get("impression_id") or event.record.get("click_id")
        if isinstance(followed, str):
            assert time_us(by_id[followed]) <= time_us(event)
            assert by_id[followed].record["campaign"] == event.record["campaign"]


def test_equal_arguments_give_equal_events_and_other_arguments_share_no_id() -> None:
    events = synthetic(200, 7, START, HOURS)
    assert list(stream(200, 7, START, HOURS)) == events
    ids = {event.event_id for event in events}
    assert len(ids) == 200
    for other in (
        synthetic(200, 8, START, HOURS),
        synthetic(201, 7, START, HOURS),
        synthetic(200, 7, START + timedelta(hours=1), HOURS),
        synthetic(200, 7, START, HOURS + 1),
    ):
        assert ids.isdisjoint(event.event_id for event in other)


def test_most_campaigns_are_listed_and_a_few_are_not() -> None:
    campaigns = Counter(event.record["campaign"] for event in synthetic(2000, 7, START, HOURS))
    unlisted = sum(campaigns[name] for name in UNLISTED_CAMPAIGNS)
    assert 0 < unlisted < 200
    assert set(campaigns) == {*LISTED_CAMPAIGNS, *UNLISTED_CAMPAIGNS}


def test_every_hour_of_the_window_has_events() -> None:
    hours = {time_us(event) // 3_600_000_000 for event in synthetic(1000, 7, START, HOURS)}
    assert len(hours) == HOURS


@pytest.mark.parametrize(
    ("n", "start", "hours"),
    [
        (-1, START, HOURS),
        (1, START, 0.0),
        (1, START.replace(tzinfo=None), HOURS),
        (1, START.astimezone(timezone(timedelta(hours=9))), HOURS),
    ],
)
def test_senseless_arguments_are_refused(n: int, start: datetime, hours: float) -> None:
    with pytest.raises(ValueError, match=r"UTC|hours"):
        synthetic(n, 7, start, hours)


def test_events_at_the_edges_lie_within_a_microsecond_of_full_hours_on_both_sides_of_midnight() -> None:
    moved = at_edges(synthetic(200, 1, START, HOURS))
    hour_us = 3_600_000_000
    assert {(time_us(event) + 1) % hour_us for event in moved} == {0, 1, 2}
    assert [event.event_id for event in moved] == [event.event_id for event in synthetic(200, 1, START, HOURS)]
    midnight_us = int((START + timedelta(hours=2)).timestamp() * 1_000_000)
    assert {midnight_us - 1, midnight_us, midnight_us + 1} <= {time_us(event) for event in moved}


def test_without_conversions_there_are_as_many_events_and_none_is_one_of_the_others() -> None:
    some, every = synthetic(200, 7, START, HOURS, conversions=False), synthetic(200, 7, START, HOURS)
    assert Counter(event.event_type for event in some) == {"impression": 180, "click": 20}
    assert not {event.event_id for event in some} & {event.event_id for event in every}
