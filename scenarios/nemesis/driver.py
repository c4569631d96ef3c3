"""Brings the troubles of a drill about, counts how often each struck, and heals them."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from wavetank.emulator.faults.model import Fault, document
from wavetank.scenarios.client.producer import Route
from wavetank.scenarios.client.wire import WireSchema
from wavetank.scenarios.nemesis.container import Outages
from wavetank.scenarios.nemesis.deployment import Breakage
from wavetank.scenarios.oracle.at_rest import AtRest
from wavetank.scenarios.oracle.history import EVENT_TIME, Operation
from wavetank.scenarios.site.producer import Course, chosen
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.spec.schedules import (
    Aggregated,
    CorruptCopies,
    HotShard,
    OfContainer,
    OfRegistry,
    OfSite,
    ProducerAhead,
    ProducerRepeats,
    ProducerRevises,
    Resharded,
    Scheduled,
    SchemaOverwritten,
    TicksDoubled,
    TicksMissed,
    Trouble,
)
from wavetank.scenarios.workload.synthetic import WorkloadEvent

MICROSECOND = timedelta(microseconds=1)
UNKNOWN_SCHEMA = "unknown-schema"
"""Quarantine reason of a record whose schema is not in the registry."""
ONE_KEY = "everybody"


class Troubles:
    """The troubles of one run of `drill`, with `victim` as the event type that a schema trouble strikes."""

    def __init__(self, site: Site, drill: Drill, seed: int, victim: str) -> None:
        self._site = site
        self._drill = drill
        self._seed = seed
        self._victim = victim
        self._breakage = Breakage(site, victim)
        self._outages = Outages(site)
        self._struck_before = 0
        self._struck: Counter[str] = Counter()
        self._lasting = False

    def set_up(self) -> None:
        """Bring every trouble about."""
        self._struck_before = max((firing["number"] for firing in self._site.stack.control.activity()), default=0)
        self._lasting = True
        for trouble in self._drill.troubles:
            match trouble:
                case Fault():
                    self._site.stack.control.add_fault(document(replace(trouble, seed=self._seed)))
                case ProducerAhead(published):
                    self._site.cycle(self._site.topology.event(self._victim).processor)
                    if published:
                        self.publish_ahead()
                case _ if isinstance(trouble, OfSite | OfRegistry):
                    self._struck[trouble.id] += self._breakage.bring_about(trouble)
                case _:
                    """The producer does it while it feeds, the run while it ticks."""

    def heal(self) -> None:
        """Take every trouble away, whether it was brought about or not."""
        self._lasting = False
        self._outages.mend()
        self._site.stack.control.clear_faults()
        self._breakage.mend()
        self._site.restore_registry()

    def repeats(self) -> float:
        """The share of events that the producer sends again."""
        return sum(trouble.share for trouble in self._drill.troubles if isinstance(trouble, ProducerRepeats))

    def revised(self, portion: Sequence[WorkloadEvent]) -> list[WorkloadEvent]:
        """The events that the producer sends again with a later time, so changed."""
        found = []
        for trouble in self._drill.troubles:
            if isinstance(trouble, ProducerRevises):
                struck = chosen(portion, trouble.share, self._seed)
                self._struck[trouble.id] += len(struck)
                found += [_later(event, trouble.later) for event in struck]
        return found

    def courses(self, number: int, portion: Sequence[WorkloadEvent]) -> Iterable[Course]:
        """How the producer puts the `number`-th portion (from 1)."""
        course = Course(portion)
        for trouble in self._drill.troubles:
            match trouble:
                case HotShard():
                    self._struck[trouble.id] += len(portion)
                    return [replace(course, key=ONE_KEY)]
                case Aggregated(size):
                    return self._packed(trouble.id, portion, size)
                case ProducerAhead() if (number - 1) % trouble.portions == 0:
                    return self._ahead(trouble, portion)
                case Resharded():
                    self._struck[trouble.id] += self._breakage.reshard(number)
                case _ if isinstance(trouble, OfContainer):
                    return self._befallen(trouble, number, portion)
        return [course]

    def _befallen(self, trouble: OfContainer, number: int, portion: Sequence[WorkloadEvent]) -> Iterable[Course]:
        """A portion of a drill in which something befalls the container; the last one is when it does."""
        if number < self._drill.workload.portions:
            return self._outages.courses(portion)
        return self._outages.last(trouble, portion, partial(self._struck.update, [trouble.id]))

    def publish_ahead(self) -> None:
        """Put the schema that the victim's producer is ahead with in the registry, as the next raw version."""
        schema = self._site.routes[self._victim].schema
        text = json.dumps(_next_version(schema.definition)).encode()
        self._site.s3.put_object(
            Bucket=self._site.registry_bucket, Key=self._site.next_raw_key(self._victim), Body=text
        )

    def damaged(self, events: Sequence[WorkloadEvent]) -> list[tuple[CorruptCopies, list[WorkloadEvent]]]:
        """The events of which a damaged copy is sent as well, by the trouble that wants it so."""
        victims = [event for event in events if event.event_type == self._victim]
        troubles = [trouble for trouble in self._drill.troubles if isinstance(trouble, CorruptCopies)]
        struck = [(trouble, chosen(victims, trouble.share, self._seed)) for trouble in troubles]
        self._struck.update({trouble.id: len(some) for trouble, some in struck})
        return struck

    def sendings(self, function: Scheduled) -> int:
        """How often a tick of `function` that is due now is sent."""
        for trouble in self._drill.troubles if self._lasting else ():
            match trouble:
                case TicksMissed(missed, count) if missed is function and self._struck[trouble.id] < count:
                    self._struck[trouble.id] += 1
                    return 0
                case TicksDoubled(doubled) if doubled is function:
                    self._struck[trouble.id] += 1
                    return 2
        return 1

    def fired(self, operations: list[Operation], at_rest: AtRest) -> dict[str, int]:
        """How often each trouble struck, by its id; 0 for one that never did."""
        firings = Counter(
            firing["fault"] for firing in self._site.stack.control.activity() if firing["number"] > self._struck_before
        )
        return {trouble.id: self._times(trouble, firings, operations, at_rest) for trouble in self._drill.troubles}

    def _times(self, trouble: Trouble, firings: Mapping[str, int], operations: list[Operation], at_rest: AtRest) -> int:
        match trouble:
            case Fault():
                return firings.get(trouble.id, 0)
            case ProducerRepeats():
                return sum(operation.repeat for operation in operations)
            case SchemaOverwritten():
                return sum(
                    record.event_type == self._victim and record.reason == UNKNOWN_SCHEMA
                    for record in at_rest.quarantine
                )
            case _:
                return self._struck[trouble.id]

    def _packed(self, trouble: str, portion: Sequence[WorkloadEvent], size: int) -> list[Course]:
        """The victim's events in aggregates, the others as ever."""
        victims = [event for event in portion if event.event_type == self._victim]
        others = [event for event in portion if event.event_type != self._victim]
        self._struck[trouble] += -(-len(victims) // size)
        return [Course(others), Course(victims, aggregated=size)]

    def _ahead(self, trouble: ProducerAhead, portion: Sequence[WorkloadEvent]) -> list[Course]:
        """A share of the portion in the schema that the producer is ahead with, then the rest."""
        self._struck[trouble.id] += 1
        routes = self._site.routes
        before = routes[self._victim]
        ahead = {**routes, self._victim: Route(before.stream, WireSchema.of(_next_version(before.schema.definition)))}
        early = portion[:: round(1 / trouble.share)]
        ids = {event.event_id for event in early}
        return [Course(early, ahead), Course([event for event in portion if event.event_id not in ids], routes)]


def _later(event: WorkloadEvent, by: timedelta) -> WorkloadEvent:
    time = event.record[EVENT_TIME]
    if not isinstance(time, int):
        raise TypeError(f"{EVENT_TIME} of {event.event_id} is {time!r}, not a number of microseconds")
    return replace(event, record={**event.record, EVENT_TIME: time + by // MICROSECOND})


def _next_version(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The next version of a schema: one more optional field, before all others."""
    added = {"name": "experiment", "type": ["null", "string"], "default": None}
    return {**definition, "fields": [added, *definition["fields"]]}
