"""The rows of the overview: all event types together, what costs, and the alarms. Pure."""

from collections.abc import Iterator, Sequence
from itertools import batched

from wavetank.pipeline import metrics
from wavetank.pipeline.components.references import Database
from wavetank.pipeline.names import Names, log_group
from wavetank.pipeline.template import service_metrics as service
from wavetank.pipeline.template.dashboards.lines import BYTES, PERCENT, RECORDS, SECONDS, TIMES, of_service, own, shared
from wavetank.pipeline.template.dashboards.widgets import MOST_ALARMS_OF_A_WIDGET, AlarmStates, Chart, Line, Widget
from wavetank.pipeline.template.service_metrics import ServiceMetric
from wavetank.pipeline.topology import EventType

Rows = Iterator[Sequence[Widget]]


def overview(
    names: Names, events: Sequence[EventType], alarms: Sequence[str], databases: Sequence[Database] = ()
) -> Rows:
    """All event types together: throughput, time, executions, what went wrong, costs, databases, and the alarms."""
    yield _events(names, events)
    yield _functions(names, [event.processor for event in events])
    yield _aside_and_costs(names, events, databases)
    if databases:
        yield _dumps(names, databases)
    for some in batched(alarms, MOST_ALARMS_OF_A_WIDGET, strict=False):
        yield (AlarmStates("Alarms", some),)


def _events(names: Names, events: Sequence[EventType]) -> tuple[Widget, ...]:
    types, processors = [event.name for event in events], [event.processor for event in events]
    return (
        Chart(
            "Events",
            RECORDS,
            (
                own(names, metrics.RECEIVED, *types, label="received"),
                own(names, metrics.PROCESSED, *types, label="processed"),
                own(names, metrics.PARTITIONED, *types, label="written as parts"),
                own(names, metrics.MERGED, *types, label="in merged files"),
            ),
        ),
        Chart("Events received, by type", RECORDS, tuple(own(names, metrics.RECEIVED, t, label=t) for t in types)),
        Chart(
            "Time until it is safe",
            SECONDS,
            (
                own(names, metrics.TIME_TO_DURABLE, *types, label="records until processed"),
                own(names, metrics.CHUNK_AGE, *types, label="chunks until partitioned"),
            ),
        ),
        Chart(
            "Age of what waits",
            SECONDS,
            (
                of_service(service.ITERATOR_AGE, *processors, label="on raw streams"),
                of_service(service.FRESHNESS, *(e.delivery_stream for e in events), label="for delivery"),
                own(names, metrics.UNTAGGED_AGE, *types, label="chunks without tag"),
                of_service(service.MESSAGE_AGE, names.merge_queue, label="for a merge"),
            ),
        ),
    )


def _functions(names: Names, processors: Sequence[str]) -> tuple[Widget, ...]:
    functions = (*processors, *shared(names).values())
    return (
        Chart("Executions", TIMES, tuple(_by_function(names, processors, service.INVOCATIONS))),
        Chart("Longest execution", SECONDS, tuple(_by_function(names, processors, service.LONGEST))),
        Chart(
            "Errors",
            TIMES,
            (
                of_service(service.ERRORS, *functions, label="executions that failed"),
                of_service(service.THROTTLES, *functions, label="executions refused"),
            ),
        ),
        Chart(
            "Memory used at most",
            PERCENT,
            (
                own(names, metrics.MEMORY, *processors, label="processors"),
                *(own(names, metrics.MEMORY, name, label=role) for role, name in shared(names).items()),
            ),
        ),
    )


def _aside_and_costs(names: Names, events: Sequence[EventType], databases: Sequence[Database]) -> tuple[Widget, ...]:
    types, processors = [event.name for event in events], [event.processor for event in events]
    functions = (*processors, *shared(names).values(), *(names.dumper(database.name) for database in databases))
    return (
        Chart(
            "Set aside",
            RECORDS,
            (
                own(names, metrics.QUARANTINED, *types, label="in quarantine"),
                own(names, metrics.LATE, *types, label="late"),
                own(names, metrics.RESCUED, *types, label="batches given up"),
                own(names, metrics.DEAD_MERGES, label="merges given up"),
            ),
        ),
        Chart("Cost: functions at work", SECONDS, tuple(_by_function(names, processors, service.AT_WORK))),
        Chart(
            "Cost: bytes taken in",
            BYTES,
            (
                of_service(service.BYTES_PUT, *(e.raw_stream for e in events), label="raw streams"),
                own(names, metrics.CHUNK_BYTES, *types, label="chunks"),
                of_service(service.LOG_BYTES, *map(log_group, functions), label="logs"),
            ),
        ),
        Chart(
            "Cost: objects",
            TIMES,
            (
                own(names, metrics.CHUNKS, *types, label="chunks read"),
                own(names, metrics.PARTS, *types, label="parts written"),
            ),
        ),
    )


def _dumps(names: Names, databases: Sequence[Database]) -> tuple[Widget, ...]:
    references = [reference.name for database in databases for reference in database.references]
    functions = [names.dumper(database.name) for database in databases]
    return (
        Chart(
            "References: age of the last look",
            SECONDS,
            tuple(own(names, metrics.REFERENCE_AGE, name, label=name) for name in references),
        ),
        Chart(
            "References: rows",
            RECORDS,
            tuple(own(names, metrics.REFERENCE_ROWS, name, label=name) for name in references),
        ),
        Chart(
            "References: dumps",
            TIMES,
            (
                own(names, metrics.DUMPS_PUBLISHED, *references, label="published"),
                own(names, metrics.DUMPS_REFUSED, *references, label="refused"),
            ),
        ),
        Chart(
            "Dumpers",
            TIMES,
            (
                of_service(service.INVOCATIONS, *functions, label="executed"),
                of_service(service.ERRORS, *functions, label="failed"),
                of_service(service.THROTTLES, *functions, label="refused"),
                own(names, metrics.MEMORY, *functions, label="memory used", on_right=True),
            ),
            right=PERCENT,
        ),
    )


def _by_function(names: Names, processors: Sequence[str], metric: ServiceMetric) -> Iterator[Line]:
    """A line for all processors, and one for each function that event types share."""
    yield of_service(metric, *processors, label="processors")
    for role, name in shared(names).items():
        yield of_service(metric, name, label=role)
