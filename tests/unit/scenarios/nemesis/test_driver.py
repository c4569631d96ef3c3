"""What the producer and the schedule do while troubles last, and how often each is said to have struck."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.scenarios.site_double import still_site
from wavetank.scenarios.nemesis.driver import ONE_KEY, Troubles
from wavetank.scenarios.oracle.at_rest import AtRest
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.spec.schedules import (
    Aggregated,
    CorruptCopies,
    Damage,
    HotShard,
    ProducerAhead,
    ProducerRevises,
    Scheduled,
    TicksDoubled,
    TicksMissed,
    Trouble,
)
from wavetank.scenarios.workload.synthetic import synthetic

EVENTS = synthetic(100, 1, datetime(2019, 11, 24, tzinfo=UTC))
CLICKS = [event for event in EVENTS if event.event_type == "click"]
TICKS: tuple[Trouble, ...] = (TicksMissed(Scheduled.REPLAYER, count=2), TicksDoubled(Scheduled.PLANNER))


def lasting(*troubles: Trouble) -> Troubles:
    drill = Drill("some", "Something goes wrong.", troubles)
    made = Troubles(still_site(lambda _: None), drill, 1, "click")
    made.set_up()
    return made


def struck(troubles: Troubles) -> dict[str, int]:
    return troubles.fired([], AtRest())


def test_the_first_ticks_are_missed_and_others_are_sent_twice_until_it_heals() -> None:
    troubles = lasting(*TICKS)
    assert [troubles.sendings(Scheduled.REPLAYER) for _ in range(4)] == [0, 0, 1, 1]
    assert [troubles.sendings(Scheduled.PLANNER) for _ in range(2)] == [2, 2]
    assert struck(troubles) == {"ticks-missed": 2, "ticks-doubled": 2}
    troubles.heal()
    assert troubles.sendings(Scheduled.PLANNER) == 1


def test_a_tick_that_never_came_was_not_missed() -> None:
    assert struck(lasting(*TICKS)) == {"ticks-missed": 0, "ticks-doubled": 0}


def test_a_revised_event_keeps_its_id_and_comes_with_a_later_time() -> None:
    troubles = lasting(ProducerRevises(share=0.1, later=timedelta(milliseconds=2)))
    revised = troubles.revised(EVENTS)
    assert len(revised) == 10
    before = {event.event_id: event.record for event in EVENTS}
    for event in revised:
        was = before[event.event_id]
        assert event.record == {**was, "event_time": was["event_time"] + 2000}  # type: ignore[operator]
    assert struck(troubles) == {"producer-revises": 10}
    assert lasting().revised(EVENTS) == []


def test_without_trouble_the_producer_puts_a_portion_in_one_course() -> None:
    (course,) = lasting().courses(1, EVENTS)
    assert (course.events, course.routes, course.key, course.aggregated) == (EVENTS, None, None, 0)


def test_a_hot_shard_gets_every_event_by_one_key() -> None:
    troubles = lasting(HotShard())
    (course,) = troubles.courses(1, EVENTS)
    assert course.key == ONE_KEY
    assert struck(troubles) == {"hot-shard": len(EVENTS)}


def test_only_the_victims_events_are_aggregated() -> None:
    troubles = lasting(Aggregated(size=4))
    others, victims = troubles.courses(1, EVENTS)
    assert list(victims.events) == CLICKS
    assert (others.aggregated, victims.aggregated) == (0, 4)
    assert struck(troubles) == {"aggregated": -(-len(CLICKS) // 4)}


@pytest.mark.parametrize(("share", "early"), [(1.0, 100), (0.5, 50)])
def test_a_share_of_a_portion_is_written_ahead_and_the_rest_as_before(share: float, early: int) -> None:
    troubles = lasting(ProducerAhead(published=False, share=share))
    ahead, before = troubles.courses(1, EVENTS)
    assert (len(ahead.events), len(before.events)) == (early, 100 - early)
    assert {event.event_id for event in [*ahead.events, *before.events]} == {event.event_id for event in EVENTS}
    assert ahead.routes is not None
    assert before.routes is not None
    assert ahead.routes["click"] != before.routes["click"]
    assert ahead.routes["impression"] == before.routes["impression"]


def test_a_producer_that_was_rolled_back_writes_as_before() -> None:
    troubles = lasting(ProducerAhead(published=False, portions=2))
    assert len(list(troubles.courses(1, EVENTS))) == 2
    assert [course.routes for course in troubles.courses(2, EVENTS)] == [None]


def test_damaged_copies_are_counted_by_the_trouble_that_wants_them() -> None:
    short = CorruptCopies(share=0.5, damage=Damage.TRUNCATED, id="short")
    troubles = lasting(CorruptCopies(share=1.0), short)
    (flipped, some), (truncated, fewer) = troubles.damaged(EVENTS)
    assert (flipped.damage, truncated.damage) == (Damage.FLIPPED, Damage.TRUNCATED)
    assert {event.event_id for event in some} == {event.event_id for event in CLICKS}
    assert struck(troubles) == {"corrupt-copies": len(CLICKS), "short": len(fewer)}
