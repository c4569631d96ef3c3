"""Brings the troubles of a drill about, counts how often each struck, and heals them."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from emulator.faults.model import Fault, document
from pipeline import topology
from scenarios.at_rest import AtRest
from scenarios.client.producer import Route
from scenarios.client.wire import WireSchema
from scenarios.drill import Drill
from scenarios.feeding import chosen
from scenarios.history import Operation
from scenarios.schedules import ColdStart, CorruptCopies, ProducerAhead, ProducerRepeats, SchemaOverwritten, Trouble
from scenarios.site import Site
from scenarios.workloads import WorkloadEvent

UNKNOWN_SCHEMA = "unknown-schema"
"""Quarantine reason of a record whose schema is not in the registry."""


class Troubles:
    """The troubles of one run of `drill`, with `victim` as the event type that a schema trouble strikes."""

    def __init__(self, site: Site, drill: Drill, seed: int, victim: str) -> None:
        self._site = site
        self._drill = drill
        self._seed = seed
        self._victim = victim
        self._struck_before = 0
        self._struck: Counter[str] = Counter()

    def set_up(self) -> None:
        """Bring every trouble about."""
        self._struck_before = max((firing["number"] for firing in self._site.stack.control.activity()), default=0)
        for trouble in self._drill.troubles:
            match trouble:
                case Fault():
                    self._site.stack.control.add_fault(document(replace(trouble, seed=self._seed)))
                case SchemaOverwritten():
                    self._overwrite_schema()
                case ProducerAhead(published):
                    self._site.cycle(self._site.topology.event(self._victim).processor)
                    if published:
                        self.publish_ahead()
                case ColdStart():
                    for function in self._functions():
                        self._site.cycle(function)
                        self._struck[trouble.id] += 1
                case ProducerRepeats() | CorruptCopies():
                    """The producer does it while it feeds."""

    def heal(self) -> None:
        """Take every trouble away, whether it was brought about or not."""
        self._site.stack.control.clear_faults()
        self._site.restore_registry()

    def repeats(self) -> float:
        """The share of events that the producer sends again."""
        return sum(trouble.share for trouble in self._drill.troubles if isinstance(trouble, ProducerRepeats))

    def routes(self, portion: int) -> dict[str, Route]:
        """Where the producer puts the events of the `portion`-th portion (from 1), and the schemas it writes with."""
        routes = self._site.routes
        for trouble in self._drill.troubles:
            if isinstance(trouble, ProducerAhead) and (portion - 1) % trouble.portions == 0:
                self._struck[trouble.id] += 1
                before = routes[self._victim]
                routes[self._victim] = Route(before.stream, WireSchema.of(_ahead(before.schema.definition)))
        return routes

    def publish_ahead(self) -> None:
        """Put the schema that the victim's producer is ahead with in the registry, as the next raw version."""
        schema = self._site.routes[self._victim].schema
        text = json.dumps(_ahead(schema.definition)).encode()
        self._site.s3.put_object(
            Bucket=self._site.registry_bucket, Key=self._site.next_raw_key(self._victim), Body=text
        )

    def damaged(self, events: Sequence[WorkloadEvent]) -> list[WorkloadEvent]:
        """The events of which a damaged copy is sent as well."""
        victims = [event for event in events if event.event_type == self._victim]
        struck: list[WorkloadEvent] = []
        for trouble in self._drill.troubles:
            if isinstance(trouble, CorruptCopies):
                struck += chosen(victims, trouble.share, self._seed)
                self._struck[trouble.id] += len(struck)
        return struck

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
            case ProducerAhead() | CorruptCopies() | ColdStart():
                return self._struck[trouble.id]
            case ProducerRepeats():
                return sum(operation.repeat for operation in operations)
            case SchemaOverwritten():
                return sum(
                    record.event_type == self._victim and record.reason == UNKNOWN_SCHEMA
                    for record in at_rest.quarantine
                )

    def _functions(self) -> list[str]:
        processors = [event.processor for event in self._site.topology.events]
        return [*processors, topology.PARTITIONER, topology.CONCATENATOR]

    def _overwrite_schema(self) -> None:
        """Put the victim's processed schema in the place of its raw ones, and make its processor forget those."""
        event = self._site.topology.event(self._victim)
        another = next(schema.path for schema in event.schemas if schema.role == "processed")
        for schema in event.schemas:
            if schema.role == "raw":
                self._site.s3.put_object(Bucket=self._site.registry_bucket, Key=schema.key, Body=another.read_bytes())
        self._site.cycle(event.processor)


def _ahead(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The next version of a schema: one more optional field, before all others."""
    added = {"name": "experiment", "type": ["null", "string"], "default": None}
    return {**definition, "fields": [added, *definition["fields"]]}
