"""Producers that repeat, revise, damage, pack or crowd what they send, or are ahead of the registry."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import filterfalse

from wavetank.scenarios.oracle.promises import FUTURE_BOUND
from wavetank.scenarios.spec.hours import EPOCH
from wavetank.scenarios.spec.nemeses.schemas import next_version, publish_next_version
from wavetank.scenarios.spec.nemesis import Damage, Nemesis, Outcome, Portion, Scene, SendPlan
from wavetank.scenarios.workload.synthetic import WorkloadEvent
from wavetank.scenarios.workload.workload import chosen

MICROSECOND = timedelta(microseconds=1)
MICROS_PER_MILLI = 1_000
ONE_KEY = "everybody"
FUTURE_TIME = "future-time"


@dataclass(frozen=True)
class PortionsWithheld(Nemesis):
    """The producer sends the first portion alone, or none; each of the others is sent by the step `SendPortion`."""

    sent: int = 1
    id: str = "portions-withheld"

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:
        if portion.number > self.sent:
            scene.struck[self.id] += 1
            return
        yield from plans


@dataclass(frozen=True)
class ProducerRepeats(Nemesis):
    """The producer sends a share of its events a second time, as one does whose first answer was lost."""

    share: float
    id: str = "producer-repeats"

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:
        yield from plans
        yield SendPlan(chosen(portion.events, self.share, scene.seed), repeat=True)

    def fired(self, outcome: Outcome, scene: Scene) -> int:  # noqa: ARG002
        """Every event that was sent again for whatever reason, in a step of the drill too."""
        return sum(operation.repeat for operation in outcome.operations)


@dataclass(frozen=True)
class ProducerRevises(Nemesis):
    """The producer sends a share of its events a second time with a later time, as a correction of the first.

    victim_only: of the victim's events alone.
    """

    share: float
    later: timedelta = timedelta(seconds=1)
    victim_only: bool = False
    id: str = "producer-revises"

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:
        yield from plans
        later_us = self.later // MICROSECOND
        among = [event for event in portion.events if event.event_type == scene.victim or not self.victim_only]
        revised = [event.at(event.time_us + later_us) for event in chosen(among, self.share, scene.seed)]
        scene.struck[self.id] += len(revised)
        yield SendPlan(revised)


@dataclass(frozen=True)
class ProducerAhead(Nemesis):
    """The producer of the victim writes with a new version of its raw schema: one more optional field.

    published: the version is in the registry before it does; otherwise the step `PublishAhead` puts it there. portions:
    only in every so manieth portion, beginning with the first; in the others it is rolled back to the version before.
    share: of these portions only so much, the rest beside it in the old version.
    """

    published: bool
    portions: int = 1
    share: float = 1.0
    id: str = "producer-ahead"

    def begin(self, scene: Scene) -> None:
        scene.site.cycle(scene.event.processor)
        if self.published:
            publish_next_version(scene)

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:
        if (portion.number - 1) % self.portions:
            yield from plans
            return
        scene.struck[self.id] += 1
        schemas = {scene.victim: next_version(scene.definition)}
        for plan in plans:
            step = round(1 / self.share)
            yield replace(plan, events=plan.events[::step], schemas=schemas)
            yield replace(plan, events=[event for number, event in enumerate(plan.events) if number % step])


@dataclass(frozen=True)
class ProducerInMillis(Nemesis):
    """The victim's producer writes the times that are whole milliseconds as such, in a version that says so.

    Past all checks: within a role the unit of the event time stays.
    """

    id: str = "producer-in-millis"

    def begin(self, scene: Scene) -> None:
        publish_next_version(scene, in_millis=True)

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:  # noqa: ARG002
        schemas = {scene.victim: next_version(scene.definition, in_millis=True)}

        def is_meant(event: WorkloadEvent) -> bool:
            return event.event_type == scene.victim and not event.time_us % MICROS_PER_MILLI

        for plan in plans:
            whole = list(filter(is_meant, plan.events))
            scene.struck[self.id] += len(whole)
            yield replace(plan, events=whole, schemas=schemas)
            yield replace(plan, events=list(filterfalse(is_meant, plan.events)))


@dataclass(frozen=True)
class CorruptCopies(Nemesis):
    """The producer sends a second copy of a share of the victim's events, with one of the `damages` each, by turns."""

    share: float
    damages: tuple[Damage, ...] = (Damage.FLIPPED,)
    id: str = "corrupt-copies"

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:
        victims = [event for event in portion.events if event.event_type == scene.victim]
        damaged = chosen(victims, self.share, scene.seed)
        scene.struck[self.id] += len(damaged)
        for number, damage in enumerate(self.damages):
            yield SendPlan(damaged[number :: len(self.damages)], damage=damage)
        yield from plans


@dataclass(frozen=True)
class ClockAhead(Nemesis):
    """The producer sends copies of a share of the victim's events with times beyond the future bound, and within it.

    Those within are larger than may be once they are enriched: that is then what they are set aside for, so that none
    of them lands. margin: the distance from the bound.
    """

    share: float
    margin: timedelta = timedelta(seconds=30)
    id: str = "clock-ahead"

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:
        yield from plans
        victims = [event for event in portion.events if event.event_type == scene.victim]
        copies = chosen(victims, self.share, scene.seed)
        scene.struck[self.id] += len(copies)
        for sign, damage, flaw in ((1, None, FUTURE_TIME), (-1, Damage.OVERSIZE, "")):
            ahead_us = (scene.site.now() + FUTURE_BOUND + sign * self.margin - EPOCH) // MICROSECOND
            yield SendPlan([event.at(ahead_us) for event in copies], damage=damage, flaw=flaw)


@dataclass(frozen=True)
class Aggregated(Nemesis):
    """The victim's events come packed as by the Kinesis Producer Library, a damaged one in each record."""

    size: int = 10
    id: str = "aggregated"

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:  # noqa: ARG002
        for plan in plans:
            victims = [event for event in plan.events if event.event_type == scene.victim]
            scene.struck[self.id] += -(-len(victims) // self.size)
            yield replace(plan, events=[event for event in plan.events if event.event_type != scene.victim])
            yield replace(plan, events=victims, aggregated=self.size)


@dataclass(frozen=True)
class HotShard(Nemesis):
    """Every event has one and the same partition key."""

    id: str = "hot-shard"

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:  # noqa: ARG002
        for plan in plans:
            scene.struck[self.id] += len(plan.events)
            yield replace(plan, key=ONE_KEY)
