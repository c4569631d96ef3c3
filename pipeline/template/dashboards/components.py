"""The rows of the dashboards of components: source, processing, partitioning, concatenation. Pure."""

from collections.abc import Iterator, Sequence

from wavetank.pipeline import metrics
from wavetank.pipeline.names import Names
from wavetank.pipeline.template import service_metrics as service
from wavetank.pipeline.template.dashboards.lines import BYTES, PERCENT, RECORDS, SECONDS, TIMES, of_service, own, shared
from wavetank.pipeline.template.dashboards.widgets import Chart, Line, Widget
from wavetank.pipeline.template.service_metrics import ServiceMetric
from wavetank.pipeline.topology import EventType

Rows = Iterator[Sequence[Widget]]


class Components:
    """The rows of each dashboard, for some event types of a stage."""

    def __init__(self, names: Names, events: Sequence[EventType]) -> None:
        self._names, self._events = names, events

    def source(self) -> Rows:
        """The raw streams."""
        for event in self._events:
            raw, age = event.raw_stream, f"{event.name}: age of what is read"
            yield (
                Chart(
                    f"{event.name}: records put",
                    RECORDS,
                    (
                        of_service(service.RECORDS_PUT, raw, label="put on the raw stream"),
                        own(self._names, metrics.RECEIVED, event.name, label="taken from it, those of aggregates each"),
                    ),
                ),
                Chart(
                    f"{event.name}: bytes put",
                    BYTES,
                    (
                        of_service(service.BYTES_PUT, raw, label="put on the raw stream"),
                        own(self._names, metrics.RECEIVED_BYTES, event.name, label="taken from it"),
                    ),
                ),
                Chart(
                    f"{event.name}: refused by the stream",
                    TIMES,
                    (
                        of_service(service.PUTS_REFUSED, raw, label="puts"),
                        of_service(service.READS_REFUSED, raw, label="reads"),
                    ),
                ),
                Chart(
                    age,
                    SECONDS,
                    (
                        of_service(service.ITERATOR_AGE, event.processor, label="by the processor"),
                        of_service(service.READ_AGE, raw, label="by any reader"),
                    ),
                ),
            )

    def _look_ups(self, event: EventType) -> Iterator[Line]:
        """What became of the look-ups in reference data, of an event type that is joined with some."""
        if event.enrichment is not None:
            yield own(self._names, metrics.LOOK_UPS, event.name, label="looked up")
            yield own(self._names, metrics.MISSES, event.name, label="of these not found")

    def processing(self) -> Rows:
        """The processors, and the function that sets aside what they gave up."""
        for event in self._events:
            name, function = event.name, event.processor
            yield (
                Chart(
                    f"{name}: what became of records",
                    RECORDS,
                    (
                        own(self._names, metrics.RECEIVED, name, label="received"),
                        own(self._names, metrics.PROCESSED, name, label="processed"),
                        own(self._names, metrics.DROPPED_EVENTS, name, label="dropped on purpose"),
                        own(self._names, metrics.QUARANTINED, name, label="in quarantine"),
                        own(self._names, metrics.RESCUED, name, label="batches given up"),
                        *self._look_ups(event),
                    ),
                ),
                Chart(
                    f"{name}: executions",
                    TIMES,
                    (
                        of_service(service.INVOCATIONS, function, label="executed"),
                        of_service(service.ERRORS, function, label="failed"),
                        of_service(service.THROTTLES, function, label="refused"),
                        of_service(service.CONCURRENT, function, label="at the same time"),
                    ),
                ),
                Chart(
                    f"{name}: duration and memory",
                    SECONDS,
                    (
                        of_service(service.LONGEST, function, label="longest"),
                        of_service(service.TYPICAL, function, label="on average"),
                        own(self._names, metrics.MEMORY, function, label="memory used", on_right=True),
                    ),
                    right=PERCENT,
                ),
                Chart(
                    f"{name}: age of records",
                    SECONDS,
                    (
                        own(self._names, metrics.OLDEST_AGE, name, label="oldest at its start"),
                        own(self._names, metrics.TIME_TO_DURABLE, name, label="oldest until durable"),
                    ),
                ),
            )
        yield self._functions("rescuer")

    def partitioning(self) -> Rows:
        """Deliveries, chunks and parts."""
        for event in self._events:
            name, delivery = event.name, event.delivery_stream
            yield (
                Chart(
                    f"{name}: delivery of events",
                    RECORDS,
                    (
                        of_service(service.RECORDS_PUT, event.processed_stream, label="put on the processed stream"),
                        of_service(service.DELIVERED, delivery, label="delivered in chunks"),
                        of_service(service.DELIVERY_SUCCESS, delivery, label="share that succeeded", on_right=True),
                    ),
                    right="of 1",
                ),
                Chart(
                    f"{name}: chunks and parts",
                    TIMES,
                    (
                        own(self._names, metrics.CHUNKS, name, label="chunks partitioned"),
                        own(self._names, metrics.PARTS, name, label="parts written"),
                        own(self._names, metrics.REPLAYED, name, label="chunks announced again"),
                    ),
                ),
                Chart(
                    f"{name}: events written as parts",
                    RECORDS,
                    (
                        own(self._names, metrics.PARTITIONED, name, label="events"),
                        own(self._names, metrics.CHUNK_BYTES, name, label="bytes of their chunks", on_right=True),
                    ),
                    right=BYTES,
                ),
                Chart(
                    f"{name}: age",
                    SECONDS,
                    (
                        of_service(service.FRESHNESS, delivery, label="oldest not delivered"),
                        own(self._names, metrics.CHUNK_AGE, name, label="chunk until partitioned"),
                        own(self._names, metrics.UNTAGGED_AGE, name, label="oldest chunk without tag"),
                    ),
                ),
            )
        yield self._functions("partitioner", "replayer")
        topic = of_service(service.NOTIFICATIONS_FAILED, self._names.chunk_topic, label="failed")
        yield (Chart("notifications of chunks", TIMES, (topic,)),)

    def concatenation(self) -> Rows:
        """Plans, merges, and what was late."""
        for event in self._events:
            name = event.name
            yield (
                Chart(
                    f"{name}: partitions",
                    TIMES,
                    (
                        own(self._names, metrics.PLANNED, name, label="planned"),
                        own(self._names, metrics.MERGES, name, label="merged and changed"),
                        own(self._names, metrics.FAILED_MERGES, name, label="failed, and come again"),
                    ),
                ),
                Chart(
                    f"{name}: events merged",
                    RECORDS,
                    (
                        own(self._names, metrics.MERGED, name, label="in merged files"),
                        own(self._names, metrics.DUPLICATES_REMOVED, name, label="copies left out"),
                    ),
                ),
                Chart(
                    f"{name}: later than the look-back",
                    RECORDS,
                    (
                        own(self._names, metrics.LATE, name, label="events"),
                        own(self._names, metrics.LATE_PARTS, name, label="parts"),
                    ),
                ),
                Chart(
                    f"{name}: longest merge",
                    SECONDS,
                    (
                        own(self._names, metrics.MERGE_TIME, name, label="took"),
                        own(self._names, metrics.MERGED_BYTES, name, label="bytes written by all", on_right=True),
                    ),
                    right=BYTES,
                ),
            )
        yield self._functions("planner", "concatenator")
        merges, dead = self._names.merge_queue, self._names.dead_merges
        waiting = (
            of_service(service.MESSAGES_WAITING, merges, label="to be merged"),
            of_service(service.MESSAGES_WAITING, dead, label="given up"),
            own(self._names, metrics.DEAD_MERGES, label="given up, as the planner saw"),
        )
        yield (
            Chart("partitions waiting", TIMES, waiting),
            Chart("longest wait for a merge", SECONDS, (of_service(service.MESSAGE_AGE, merges, label="waits"),)),
        )

    def _functions(self, *roles: str) -> tuple[Widget, ...]:
        """A row of these functions, which event types share."""
        named = {role: shared(self._names)[role] for role in roles}
        title = " and ".join(roles)

        def lines(metric: ServiceMetric, what: str = "") -> tuple[Line, ...]:
            return tuple(of_service(metric, name, label=f"{role}{what}") for role, name in named.items())

        memory = tuple(own(self._names, metrics.MEMORY, name, label=role) for role, name in named.items())
        errors = (*lines(service.ERRORS, " failed"), *lines(service.THROTTLES, " refused"))
        return (
            Chart(f"{title}: executions", TIMES, lines(service.INVOCATIONS)),
            Chart(f"{title}: errors", TIMES, errors),
            Chart(f"{title}: longest execution", SECONDS, lines(service.LONGEST)),
            Chart(f"{title}: memory used at most", PERCENT, memory),
        )
