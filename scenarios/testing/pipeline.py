"""The pipeline as a test sees it: feed it, let it settle, tick its schedules, read what is at rest."""

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from wavetank.scenarios.client import at_rest, quarantine
from wavetank.scenarios.client.at_rest import Layer
from wavetank.scenarios.client.quarantine import SetAside
from wavetank.scenarios.oracle.history import History, Operation
from wavetank.scenarios.oracle.ledger import Ledger, total
from wavetank.scenarios.run.event_types import stream
from wavetank.scenarios.site import observer, ticks
from wavetank.scenarios.site.producer import DrillProducer
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.site.waiting import SETTLE_S
from wavetank.scenarios.spec.nemesis import SendPlan
from wavetank.scenarios.workload.source import START
from wavetank.scenarios.workload.synthetic import WorkloadEvent

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class PipelineUnderTest:
    """The pipeline deployed on `site`, and what it was fed since it was clean."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._began = time.monotonic()
        self._operations: list[Operation] = []

    def clean(self) -> None:
        """Let go of all data and every fault, and put the schemas right; what is deployed stays."""
        self.site.stack.control.reset()
        self.site.restore_registry()
        self._operations.clear()

    def feed(self, event_type: str, records: Iterable[Mapping[str, Any]]) -> list[Operation]:
        """Put events on the raw stream of their type; what came of each, in their order.

        A record has the fields of the type's newest raw schema; a time is a datetime with its zone, or microseconds
        since the epoch. Raises LookupError for an event type that there is not, EncodingError for a record that does
        not fit.
        """
        event_types = [event.name for event in self.site.topology.events]
        if event_type not in event_types:
            raise LookupError(f"there is no event type {event_type}; there are: {', '.join(event_types)}")
        events = [{name: _plain(value) for name, value in record.items()} for record in records]
        return self._put([WorkloadEvent(event_type, event) for event in events])

    def feed_synthetic(self, events: int, seed: int = 1, hours: float = 2.0) -> list[Operation]:
        """Put made-up events on the raw streams, the same for the same arguments; what came of each event.

        They are an ad stream where the project has its event types, else generated of those that it has.
        """
        return self._put(list(stream(self.site.topology, events, seed, START, hours)))

    def settle(self, timeout_s: float = SETTLE_S) -> None:
        """Return once nothing is in flight. Raises NotSettled."""
        self.site.stack.settle(timeout_s)

    def tick(self) -> None:
        """Do what the schedules would: replay what was not delivered, then merge every hour that has part files.

        Settles before, between and after. Raises TickFailedError, NotSettled.
        """
        self.settle()
        ticks.replay(self.site, self.site.now())
        self.settle()
        for _ in ticks.concatenate(self.site, ticks.Span()):
            self.settle()

    def read(self, event_type: str, layer: Layer = Layer.AVRO) -> list[dict[str, Any]]:
        """The events of a type at rest, by default in the data of record; times are microseconds since the epoch."""
        files = at_rest.files(self.site.s3, self.site.data_bucket, (layer,), event_type)
        return [record for file in files for record in file.records()]

    def quarantined(self) -> list[SetAside]:
        """The quarantined records, each with its reason and its bytes."""
        return list(quarantine.all_records(self.site.s3, self.site.data_bucket))

    @property
    def history(self) -> History:
        """The history of what was fed."""
        return History(tuple(self._operations))

    def ledger(self, event_type: str | None = None) -> Ledger:
        """Where every event that was fed is now; of one type, or of all together."""
        entries = observer.observe_with(self.site, self.history, observer.model_by_registry(self.site))[1]
        if event_type is None:
            return total(entries)
        return entries[event_type].ledger if event_type in entries else Ledger()

    def _put(self, events: Sequence[WorkloadEvent]) -> list[Operation]:
        producer = DrillProducer(self.site, lambda: time.monotonic() - self._began)
        put = list(producer.feed(SendPlan(events)))
        self._operations += put
        return put


def _plain(value: Any) -> Any:
    """The value of a field, a time in microseconds. Raises ValueError for a time without a zone."""
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError(f"{value.isoformat()} has no time zone")
    return (value - EPOCH) // MICROSECOND
