"""The producer and the schedule do what the nemeses say, each is counted, and healing takes back what was broken."""

import json
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.scenarios.site_double import still_site
from wavetank.emulator.stack.home import project_root
from wavetank.scenarios.client.wire import WireSchema
from wavetank.scenarios.oracle.at_rest import AtRest
from wavetank.scenarios.run.nemeses import Nemeses
from wavetank.scenarios.site.producer import DrillProducer
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.chunks import bit_changed
from wavetank.scenarios.spec.nemeses.container import ContainerKilled, ContainerPaused, MemoryReached
from wavetank.scenarios.spec.nemeses.producer import (
    ONE_KEY,
    Aggregated,
    ClockAhead,
    CorruptCopies,
    HotShard,
    ProducerAhead,
    ProducerInMillis,
    ProducerRepeats,
    ProducerRevises,
)
from wavetank.scenarios.spec.nemeses.schemas import VersionsHeldBack, cut
from wavetank.scenarios.spec.nemeses.ticks import TicksDoubled, TicksMissed
from wavetank.scenarios.spec.nemesis import Damage, Nemesis, Portion, Scene, SendPlan
from wavetank.scenarios.workload.synthetic import synthetic
from wavetank.scenarios.workload.workload import chosen

EVENTS = synthetic(100, 1, datetime(2019, 11, 24, tzinfo=UTC))
CLICKS = [event for event in EVENTS if event.event_type == "click"]
CONVERSIONS = [event for event in EVENTS if event.event_type == "conversion"]
TICKS: tuple[Nemesis, ...] = (TicksMissed(Scheduled.REPLAYER, count=2), TicksDoubled(Scheduled.PLANNER))


def lasting(*nemeses: Nemesis) -> Nemeses:
    drill = Drill("some", "Something goes wrong.", nemeses)
    site = still_site(lambda _: None)
    begun = Nemeses(site, drill, 1, "click", DrillProducer(site, lambda: 0.0))
    begun.begin()
    return begun


def planned(nemeses: Nemeses, number: int = 1) -> list[SendPlan]:
    return list(nemeses.plans(Portion(number, EVENTS)))


def struck(nemeses: Nemeses) -> dict[str, int]:
    return nemeses.fired([], AtRest())


def test_the_first_ticks_are_missed_and_others_are_sent_twice_until_it_heals() -> None:
    nemeses = lasting(*TICKS)
    assert [nemeses.times(Scheduled.REPLAYER) for _ in range(4)] == [0, 0, 1, 1]
    assert [nemeses.times(Scheduled.PLANNER) for _ in range(2)] == [2, 2]
    assert struck(nemeses) == {"ticks-missed": 2, "ticks-doubled": 2}
    nemeses.heal()
    assert nemeses.times(Scheduled.PLANNER) == 1


def test_a_tick_that_never_came_was_not_missed() -> None:
    assert struck(lasting(*TICKS)) == {"ticks-missed": 0, "ticks-doubled": 0}


def test_a_revised_event_keeps_its_id_and_comes_with_a_later_time() -> None:
    nemeses = lasting(ProducerRevises(share=0.1, later=timedelta(milliseconds=2)))
    portion, revised = planned(nemeses)
    assert portion == SendPlan(EVENTS)
    assert len(revised.events) == 10
    before = {event.event_id: event.record for event in EVENTS}
    for event in revised.events:
        was = before[event.event_id]
        assert event.record == {**was, "event_time": was["event_time"] + 2000}  # type: ignore[operator]
    assert struck(nemeses) == {"producer-revises": 10}


def test_without_nemeses_the_producer_sends_a_portion_in_one_go() -> None:
    assert planned(lasting()) == [SendPlan(EVENTS)]


def test_a_hot_shard_gets_every_event_by_one_key() -> None:
    nemeses = lasting(HotShard())
    assert planned(nemeses) == [SendPlan(EVENTS, key=ONE_KEY)]
    assert struck(nemeses) == {"hot-shard": len(EVENTS)}


def test_only_the_victims_events_are_aggregated() -> None:
    nemeses = lasting(Aggregated(size=4))
    others, victims = planned(nemeses)
    assert list(victims.events) == CLICKS
    assert (others.aggregated, victims.aggregated) == (0, 4)
    assert struck(nemeses) == {"aggregated": -(-len(CLICKS) // 4)}


@pytest.mark.parametrize(("share", "early"), [(1.0, 100), (0.5, 50)])
def test_a_share_of_a_portion_is_written_ahead_and_the_rest_as_before(share: float, early: int) -> None:
    nemeses = lasting(ProducerAhead(published=False, share=share))
    ahead, before = planned(nemeses)
    assert (len(ahead.events), len(before.events)) == (early, 100 - early)
    assert {event.event_id for event in [*ahead.events, *before.events]} == {event.event_id for event in EVENTS}
    assert set(ahead.schemas) == {"click"}
    assert ahead.schemas["click"] != nemeses.scene.definition
    assert before.schemas == {}


def test_of_copies_with_one_id_each_is_written_once_ahead_or_as_before() -> None:
    nemeses = lasting(ProducerAhead(published=False, share=0.5))
    copies = [event for event in EVENTS[:5] for _ in range(2)]
    ahead, before = nemeses.plans(Portion(1, copies))
    assert [*ahead.events, *before.events] == [*copies[::2], *copies[1::2]]


def test_only_whole_milliseconds_of_the_victim_are_written_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scene, "publish", lambda *_: None)
    nemeses = lasting(ProducerInMillis())
    events = [event.at(event.time_us // 1000 * 1000 + number % 2) for number, event in enumerate(EVENTS)]
    millis, others = nemeses.plans(Portion(1, events))
    assert list(millis.events) == [event for event in events[::2] if event.event_type == "click"]
    assert sorted(event.event_id for event in [*millis.events, *others.events]) == sorted(e.event_id for e in events)
    assert WireSchema.of(millis.schemas["click"]).time_is_millis
    assert others.schemas == {}
    assert struck(nemeses) == {"producer-in-millis": len(millis.events)}


def test_what_a_version_that_is_held_back_is_needed_for_is_not_sent_yet() -> None:
    nemesis = VersionsHeldBack()
    site = still_site(lambda _: None)
    scene = Scene(
        site,
        DrillProducer(site, lambda: 0.0),
        "conversion",
        1,
        redeploy=lambda: None,
        downgrade=lambda: None,
        neighbour=lambda: pytest.fail("no other stage"),
    )
    newer = [replace(event, record={**event.record, "items": 2}) for event in CONVERSIONS]
    (plan,) = nemesis.sends(Portion(1, []), [SendPlan([*EVENTS, *newer])], scene)
    assert {event.sending.version for event in plan.events if event.event_type == "conversion"} == {1}
    assert sorted(event.event_id for event in plan.events) == sorted(event.event_id for event in EVENTS)


@pytest.mark.parametrize("seed", range(20))
def test_a_schema_without_its_end_is_no_json_and_one_with_another_bit_is_as_long(seed: int) -> None:
    text = (project_root() / "schemas" / "click" / "raw.v1.avsc").read_bytes()
    with pytest.raises(json.JSONDecodeError):
        json.loads(cut(text, random.Random(seed)))
    changed = bit_changed(text, random.Random(seed))
    assert len(changed) == len(text)
    assert sum((one ^ other).bit_count() for one, other in zip(changed, text, strict=True)) == 1


def test_damages_are_dealt_among_the_copies() -> None:
    nemeses = lasting(CorruptCopies(share=1.0, damages=(Damage.NO_ID, Damage.NO_DATE)))
    damaged = {plan.damage: list(plan.events) for plan in planned(nemeses) if plan.damage}
    assert damaged.keys() == {Damage.NO_ID, Damage.NO_DATE}
    assert abs(len(damaged[Damage.NO_ID]) - len(damaged[Damage.NO_DATE])) <= 1
    assert struck(nemeses) == {"corrupt-copies": len(CLICKS)}


def test_a_producer_that_was_rolled_back_writes_as_before() -> None:
    nemeses = lasting(ProducerAhead(published=False, portions=2))
    assert len(planned(nemeses, 1)) == 2
    assert planned(nemeses, 2) == [SendPlan(EVENTS)]


def test_damaged_copies_are_counted_by_the_nemesis_that_wants_them() -> None:
    short = CorruptCopies(share=0.5, damages=(Damage.TRUNCATED,), id="short")
    nemeses = lasting(CorruptCopies(share=1.0), short)
    damaged = {plan.damage: plan.events for plan in planned(nemeses) if plan.damage is not None}
    assert set(damaged) == {Damage.FLIPPED, Damage.TRUNCATED}
    assert {event.event_id for event in damaged[Damage.FLIPPED]} == {event.event_id for event in CLICKS}
    assert struck(nemeses) == {"corrupt-copies": len(CLICKS), "short": len(damaged[Damage.TRUNCATED])}


def test_a_clock_that_is_ahead_is_so_by_more_than_an_hour_and_by_less_and_nothing_of_it_lands() -> None:
    nemeses = lasting(ClockAhead(share=0.5, margin=timedelta(seconds=30)))
    (portion, beyond, within) = planned(nemeses)
    now_us = int(datetime(2019, 11, 25, tzinfo=UTC).timestamp()) * 1_000_000
    assert portion == SendPlan(EVENTS)
    assert {event.time_us - now_us for event in beyond.events} == {(60 * 60 + 30) * 1_000_000}
    assert {event.time_us - now_us for event in within.events} == {(60 * 60 - 30) * 1_000_000}
    assert (beyond.flaw, within.damage) == ("future-time", Damage.OVERSIZE)
    assert {event.event_id for event in beyond.events} <= {event.event_id for event in CLICKS}
    assert struck(nemeses) == {"clock-ahead": len(beyond.events)}


def test_a_nemesis_changes_what_those_before_it_have_planned() -> None:
    nemeses = lasting(ProducerRepeats(share=0.1), HotShard())
    again = chosen(EVENTS, 0.1, 1)
    assert planned(nemeses) == [SendPlan(EVENTS, key=ONE_KEY), SendPlan(again, key=ONE_KEY, repeat=True)]
    assert struck(nemeses)["hot-shard"] == len(EVENTS) + len(again)


@dataclass(frozen=True)
class Breaks(Nemesis):
    """Writes down that it was begun and healed; the healing may fail."""

    id: str
    told: list[str]
    error: Exception | None = None

    def begin(self, scene: Scene) -> None:
        scene.healing.callback(self._heal)
        self.told.append(f"{self.id} begun")

    def _heal(self) -> None:
        self.told.append(f"{self.id} healed")
        if self.error is not None:
            raise self.error


def test_what_was_broken_last_is_healed_first_and_only_once() -> None:
    told: list[str] = []
    nemeses = lasting(Breaks("one", told), Breaks("two", told))
    nemeses.heal()
    nemeses.heal()
    assert told == ["one begun", "two begun", "two healed", "one healed"]


def test_a_healing_that_fails_is_told_and_keeps_no_other_from_its_own() -> None:
    told: list[str] = []
    nemeses = lasting(Breaks("one", told), Breaks("two", told, OSError("no way")))
    control = nemeses.scene.site.stack.control
    with pytest.raises(OSError, match="no way"):
        nemeses.heal()
    assert told[-1] == "one healed"
    assert control.cleared == 1


ENOUGH, IN_USE = 1000, 100


@dataclass
class Contained:
    """A stack in a container that is struck: what happened to it, and whether it runs."""

    told: list[str] = field(default_factory=list)
    has_ended: bool = False
    control: Any = None
    memory_limit: int = ENOUGH
    memory_in_use: int = IN_USE
    ran_out_of_memory: bool = False

    def __getattr__(self, name: str) -> Any:
        return lambda: self.told.append(name)

    def kill(self) -> None:
        self.told.append("kill")
        self.has_ended = True

    def start(self) -> None:
        self.told.append("start")
        self.has_ended = False

    def status(self, **_: float) -> None:
        self.told.append("status")

    def limit_memory(self, limit: int) -> None:
        self.told.append(f"limit {limit}")
        self.has_ended = self.ran_out_of_memory = self.ran_out_of_memory or limit < ENOUGH


def scene_of(stack: Contained) -> Scene:
    site: Any = still_site(lambda _: None)
    producer = DrillProducer(site, lambda: 0.0)
    stack.control = stack
    place: Any = type("Place", (), {"stack": stack})()
    return Scene(
        place,
        producer,
        "click",
        1,
        redeploy=lambda: stack.told.append("redeploy"),
        downgrade=lambda: stack.told.append("downgrade"),
        neighbour=lambda: pytest.fail("no other stage"),
    )


def test_an_outage_begins_amid_the_last_portion_and_what_it_cost_is_sent_again() -> None:
    stack, nemesis = Contained(), ContainerPaused(seconds=0.0)
    scene = scene_of(stack)
    plans = iter(nemesis.sends(Portion(2, EVENTS, is_last=True), [SendPlan(EVENTS)], scene))
    first = next(plans)
    assert stack.told == []
    second = next(plans)
    assert stack.told[0] == "pause"
    assert [*first.events, *second.events] == EVENTS
    assert first.journalled
    assert second.answer_s is not None
    assert [(plan.repeat, plan.events) for plan in plans] == [(True, [])]
    scene.healing.close()
    assert stack.told.count("resume") == 1


def test_a_container_that_was_killed_is_started_and_deployed_on_once_though_its_portion_broke_off() -> None:
    stack, nemesis = Contained(), ContainerKilled()
    scene = scene_of(stack)
    nemesis.strike(scene)
    scene.healing.close()
    assert stack.told == ["kill", "start", "redeploy"]


def test_a_container_out_of_memory_gets_its_limit_back_and_is_started() -> None:
    stack, nemesis = Contained(), MemoryReached(spare=1)
    scene = scene_of(stack)
    assert nemesis.strike(scene)()
    assert stack.told == [f"limit {IN_USE + 1}", f"limit {ENOUGH}", "start"]
    assert scene.struck == {nemesis.id: 1}


def test_before_the_last_portion_nothing_befalls_a_container() -> None:
    nemesis, stack = ContainerKilled(), Contained()
    plans = list(nemesis.sends(Portion(1, EVENTS), [SendPlan(EVENTS)], scene_of(stack)))
    assert plans == [SendPlan(EVENTS, journalled=True)]
    assert stack.told == []
