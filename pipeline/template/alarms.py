"""The alarms of an event type and of what all event types share, by the thresholds of their components.

Own metrics are those of `pipeline.metrics`; AWS's are named as in the guides of Lambda, Kinesis Data Streams, Data
Firehose, SQS and CloudWatch Logs ("Monitoring with CloudWatch"). Mean time between two alarms that nobody needs is what
the windows are for: what goes by within a quarter of an hour, or with the next attempt, tells nobody.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from wavetank.pipeline import metrics
from wavetank.pipeline.components.model import Alarms
from wavetank.pipeline.components.references import MISS_PERCENT, Database, ReferenceData
from wavetank.pipeline.enrichment import Enrichment
from wavetank.pipeline.metrics import Handler, Metric
from wavetank.pipeline.names import Names, log_group
from wavetank.pipeline.reference.source import RUN_S, tick_s
from wavetank.pipeline.template import alarm_topics, alarm_words
from wavetank.pipeline.template import service_metrics as service
from wavetank.pipeline.template.alarm_model import (
    Alarm,
    Comparison,
    Composite,
    Kind,
    Missing,
    Series,
    Window,
)
from wavetank.pipeline.template.logical import logical
from wavetank.pipeline.template.service_metrics import ServiceMetric
from wavetank.pipeline.topology import EventType, Topology

Resources = dict[str, dict[str, Any]]

MINUTE_S, HOUR_S = 60, 3600
PERIOD_S = 5 * MINUTE_S
REPLAYED_EVERY_S = 15 * MINUTE_S
QUARTER = Window(PERIOD_S, 3)
WINDOWS: Mapping[Handler, Window] = {
    Handler.PROCESSOR: QUARTER,
    Handler.PARTITIONER: QUARTER,
    Handler.CONCATENATOR: Window(HOUR_S, 2),
    Handler.PLANNER: Window(HOUR_S, 2),
    Handler.REPLAYER: Window(REPLAYED_EVERY_S, 2),
    Handler.RESCUER: Window(HOUR_S, 1),
}
"""How long a function is in trouble before it rings: two runs of what a schedule calls. The rescuer may run once.

That of a dumper follows from how often it runs (`dumped`)."""
COUNTED = (Handler.PROCESSOR, Handler.PARTITIONER)
"""The functions that are called often enough for a number of errors to say more than their share."""
FEWEST_LOOK_UPS = 20
"""In a period: the share of fewer says nothing."""
MERGES_WAIT_S = 2 * HOUR_S
"""A merge that failed comes again after an hour and a half; one that waits for longer failed twice, or has no turn."""


def of_component(deployed: Topology, event: EventType) -> Resources:
    """The alarms of an event type, and the topics that its own mail addresses are on."""
    name = logical(event.name)
    alarms = {f"{name}{end}Alarm": alarm for end, alarm in _of_event_type(deployed.names, event)}
    if event.enrichment is not None:
        alarms[f"{name}ReferenceMissesAlarm"] = _reference_misses(deployed, event, event.enrichment)
    parts = {logical_id: alarm for logical_id, alarm in alarms.items() if alarm.severity is None}
    words = alarm_words.data_stopped(deployed.names, event)
    stopped = Composite(f"{deployed.names.prefix}-{event.name}-{Kind.DATA_STOPPED}", Kind.DATA_STOPPED, words, parts)
    both: dict[str, Alarm | Composite] = {**alarms, f"{name}DataStoppedAlarm": stopped}
    return {
        **alarm_topics.of_event_type(deployed, event),
        **{each: alarm.resource(alarm_topics.actions(deployed, alarm.severity, event)) for each, alarm in both.items()},
    }


def of_shared(deployed: Topology, functions: Resources) -> Resources:
    """The two topics of the stage, and the alarms of these functions, which all event types share, and of their queues.

    functions: by logical id, as the template has them.
    """
    alarms = {f"{end}Alarm": alarm for end, alarm in _of_functions(deployed, functions)}
    return {
        **alarm_topics.of_stage(deployed),
        **{each: alarm.resource(alarm_topics.actions(deployed, alarm.severity)) for each, alarm in alarms.items()},
    }


def of_database(deployed: Topology, database: Database) -> Resources:
    """The alarms of a database's dumper."""
    function, thresholds = deployed.names.dumper(database.name), deployed.default.alarms
    alarms = _of_function(deployed.names, function, Handler.DUMPER, thresholds, RUN_S, dumped(database))
    return {
        f"{logical(database.name)}Dumper{end}Alarm": alarm.resource(alarm_topics.actions(deployed, alarm.severity))
        for end, alarm in alarms
    }


def of_reference(deployed: Topology, database: Database, reference: ReferenceData) -> Resources:
    """The alarms of a reference that a dumper reads.

    A dumper tells the age at each run: where there is none, nobody looks, or nobody ever has.
    """
    names, function, name = deployed.names, deployed.names.dumper(database.name), reference.name
    window, minutes = dumped(database), (reference.stale_after_s or 0) // MINUTE_S
    stale = Alarm(
        f"{names.prefix}-{name}-{Kind.REFERENCE_STALE}",
        Kind.REFERENCE_STALE,
        alarm_words.reference_stale(function, name, minutes),
        {"age": _own(names, metrics.REFERENCE_AGE, name)},
        window,
        minutes * MINUTE_S,
        missing=Missing.BREACHING,
    )
    refused = Alarm(
        f"{names.prefix}-{name}-{Kind.DUMP_REFUSED}",
        Kind.DUMP_REFUSED,
        alarm_words.dump_refused(function, name),
        {"refused": _own(names, metrics.DUMPS_REFUSED, name)},
        Window(window.period_s, 1),
        0,
    )
    return {
        f"{logical(name)}{end}Alarm": alarm.resource(alarm_topics.actions(deployed, alarm.severity))
        for end, alarm in (("ReferenceStale", stale), ("DumpRefused", refused))
    }


def dumped(database: Database) -> Window:
    """Two periods, in each of which a dumper runs at least once."""
    return Window(max(PERIOD_S, tick_s(database.sources)), 2)


def _of_event_type(names: Names, event: EventType) -> Iterator[tuple[str, Alarm]]:
    """The alarms of an event type, each with the part of its logical id that is its own."""
    thresholds, timeout_s = event.component.alarms, event.component.processor.timeout_s
    yield "Behind", _behind(event, thresholds)
    processor = Handler.PROCESSOR
    yield from _of_function(names, event.processor, processor, thresholds, timeout_s)
    yield "DebugLogs", _debug_logs(names, event, thresholds)
    yield from _silences(names, event, thresholds)
    yield from _of_delivery(names, event, thresholds)
    yield from _of_events(names, event, thresholds)


def _reference_misses(deployed: Topology, event: EventType, enrichment: Enrichment) -> Alarm:
    """Of look-ups that find no row, by the share that the reference takes for usual, and not by a few of them."""
    settings = next((each.settings for each in deployed.references if each.name == enrichment.reference), None)
    percent = MISS_PERCENT if settings is None else settings.miss_percent
    return Alarm(
        f"{deployed.names.prefix}-{event.name}-{Kind.REFERENCE_MISSES}",
        Kind.REFERENCE_MISSES,
        alarm_words.reference_misses(event, enrichment.reference, percent),
        {
            "misses": _own(deployed.names, metrics.MISSES, event.name),
            "lookups": _own(deployed.names, metrics.LOOK_UPS, event.name),
        },
        Window(15 * MINUTE_S, 1),
        percent,
        f"IF(lookups >= {FEWEST_LOOK_UPS}, 100 * misses / lookups, 0)",
    )


def _behind(event: EventType, thresholds: Alarms) -> Alarm:
    return Alarm(
        f"{event.processor}-{Kind.BEHIND}",
        Kind.BEHIND,
        alarm_words.behind(event, thresholds),
        {"age": _of(service.ITERATOR_AGE, event.processor)},
        Window(MINUTE_S, 5),
        thresholds.iterator_age_minutes * MINUTE_S * 1000,
    )


def _of_function(
    names: Names,
    function: str,
    handler: Handler,
    thresholds: Alarms,
    timeout_s: int,
    window: Window | None = None,
) -> Iterator[tuple[str, Alarm]]:
    """The alarms that each function has; window: None for that of its handler."""
    window, errors = window or WINDOWS[handler], _of(service.ERRORS, function)
    words = alarm_words.of_function(function, thresholds, timeout_s, window)

    def alarm(
        kind: Kind, series: Mapping[str, Series], threshold: float, expression: str = "", window: Window = window
    ) -> Alarm:
        return Alarm(f"{function}-{kind}", kind, words[kind], series, window, threshold, expression)

    if handler in COUNTED:
        yield "Errors", alarm(Kind.ERRORS, {"errors": errors}, thresholds.errors)
    invocations = _of(service.INVOCATIONS, function)
    both = {"errors": errors, "invocations": invocations}
    yield "ErrorRate", alarm(Kind.ERROR_RATE, both, thresholds.error_percent, "100 * errors / invocations")
    throttles = {"throttles": _of(service.THROTTLES, function)}
    yield "Throttles", alarm(Kind.THROTTLES, throttles, thresholds.throttles)
    duration = {"duration": _of(service.LONGEST, function)}
    yield "Slow", alarm(Kind.SLOW, duration, timeout_s * 1000 * thresholds.duration_percent // 100)
    memory = {"memory": _own(names, metrics.MEMORY, function)}
    yield "Memory", alarm(Kind.MEMORY, memory, thresholds.memory_percent)


def _debug_logs(names: Names, event: EventType, thresholds: Alarms) -> Alarm:
    """A batch of few events counts as one of ten, whose lines are as long."""
    return Alarm(
        f"{event.processor}-{Kind.DEBUG_LOGS}",
        Kind.DEBUG_LOGS,
        alarm_words.debug_logs(event, thresholds),
        {
            "logged": _of(service.LOG_BYTES, log_group(event.processor)),
            "received": _own(names, metrics.RECEIVED, event.name),
            "invocations": _of(service.INVOCATIONS, event.processor),
        },
        Window(15 * MINUTE_S, 2),
        thresholds.log_bytes_per_event,
        "logged / MAX([received, 10 * invocations])",
    )


def _silences(names: Names, event: EventType, thresholds: Alarms) -> Iterator[tuple[str, Alarm]]:
    """The parts of the one alarm that pages: nothing comes in, nothing goes on, or nobody takes what comes in."""
    streams = (
        ("RawSilent", Kind.RAW_SILENT, event.raw_stream, thresholds.raw_silence_minutes),
        ("ProcessedSilent", Kind.PROCESSED_SILENT, event.processed_stream, thresholds.processed_silence_minutes),
    )
    for end, kind, stream, minutes in streams:
        if minutes:
            yield (
                end,
                Alarm(
                    f"{names.prefix}-{event.name}-{kind}",
                    kind,
                    alarm_words.silent(event, kind, stream, minutes),
                    {"records": _of(service.RECORDS_PUT, stream)},
                    Window(PERIOD_S, minutes * MINUTE_S // PERIOD_S),
                    1,
                    comparison=Comparison.LESS,
                    missing=Missing.BREACHING,
                    severity=None,
                ),
            )
    minutes = thresholds.consumer_off_minutes
    yield (
        "ConsumerOff",
        Alarm(
            f"{names.prefix}-{event.name}-{Kind.CONSUMER_OFF}",
            Kind.CONSUMER_OFF,
            alarm_words.consumer_off(event, minutes),
            {
                "arrived": _of(service.RECORDS_PUT, event.raw_stream),
                "called": _of(service.INVOCATIONS, event.processor),
            },
            Window(PERIOD_S, minutes * MINUTE_S // PERIOD_S),
            0,
            "IF(FILL(arrived, 0) > 0 && FILL(called, 0) == 0, 1, 0)",
            severity=None,
        ),
    )


def _of_delivery(names: Names, event: EventType, thresholds: Alarms) -> Iterator[tuple[str, Alarm]]:
    yield (
        "DeliveryBehind",
        Alarm(
            f"{names.prefix}-{event.name}-{Kind.DELIVERY_BEHIND}",
            Kind.DELIVERY_BEHIND,
            alarm_words.delivery_behind(event, thresholds),
            {"age": _of(service.FRESHNESS, event.delivery_stream)},
            QUARTER,
            thresholds.delivery_age_minutes * MINUTE_S,
        ),
    )
    yield (
        "DeliveryFailed",
        Alarm(
            f"{names.prefix}-{event.name}-{Kind.DELIVERY_FAILED}",
            Kind.DELIVERY_FAILED,
            alarm_words.delivery_failed(event, thresholds),
            {"success": _of(service.DELIVERY_SUCCESS, event.delivery_stream)},
            QUARTER,
            thresholds.delivery_percent / 100,
            comparison=Comparison.LESS,
        ),
    )


def _of_events(names: Names, event: EventType, thresholds: Alarms) -> Iterator[tuple[str, Alarm]]:
    """The alarms on what became of events: chunks that nobody takes, quarantine, and what came too late."""

    def alarm(
        kind: Kind, series: Mapping[str, Series], window: Window, threshold: float, expression: str = ""
    ) -> Alarm:
        words = alarm_words.of_events(names, event, thresholds)[kind]
        return Alarm(f"{names.prefix}-{event.name}-{kind}", kind, words, series, window, threshold, expression)

    ages = {
        "untagged": _own(names, metrics.UNTAGGED_AGE, event.name),
        "partitioned": _own(names, metrics.CHUNK_AGE, event.name),
    }
    yield (
        "ChunksWaiting",
        alarm(
            Kind.CHUNKS_WAITING,
            ages,
            Window(REPLAYED_EVERY_S, 2),
            thresholds.untagged_chunk_minutes * MINUTE_S,
            "MAX([FILL(untagged, 0), FILL(partitioned, 0)])",
        ),
    )
    quarantined = {"quarantined": _own(names, metrics.QUARANTINED, event.name)}
    yield "Quarantine", alarm(Kind.QUARANTINE, quarantined, Window(HOUR_S, 1), thresholds.quarantined_per_hour)
    late = {"late": _own(names, metrics.LATE, event.name)}
    yield "Late", alarm(Kind.LATE, late, Window(HOUR_S, 1), thresholds.late_per_hour)


def _of_functions(deployed: Topology, functions: Resources) -> Iterator[tuple[str, Alarm]]:
    """The alarms of what all event types share, each with its logical id but for the end."""
    names, thresholds = deployed.names, deployed.default.alarms
    shared = {
        Handler.PARTITIONER: names.partitioner,
        Handler.RESCUER: names.rescuer,
        Handler.CONCATENATOR: names.concatenator,
        Handler.REPLAYER: names.replayer,
        Handler.PLANNER: names.planner,
    }
    for handler, function in shared.items():
        logical_id = handler.capitalize()
        timeout_s = functions[logical_id]["Properties"]["Timeout"]
        for end, alarm in _of_function(names, function, handler, thresholds, timeout_s):
            yield f"{logical_id}{end}", alarm
    for handler, window in (
        (Handler.PLANNER, Window(HOUR_S, 2)),
        (Handler.REPLAYER, Window(REPLAYED_EVERY_S, 4)),
    ):
        yield f"{handler.capitalize()}MissedTick", _missed_tick(shared[handler], window)
    yield "MergesWaiting", _merges_waiting(names)
    yield "DeadMerges", _merges_dead(names)


def _missed_tick(function: str, window: Window) -> Alarm:
    return Alarm(
        f"{function}-{Kind.MISSED_TICK}",
        Kind.MISSED_TICK,
        alarm_words.missed_tick(function, window),
        {"called": _of(service.INVOCATIONS, function)},
        window,
        1,
        comparison=Comparison.LESS,
        missing=Missing.BREACHING,
    )


def _merges_waiting(names: Names) -> Alarm:
    return Alarm(
        f"{names.prefix}-{Kind.MERGES_WAITING}",
        Kind.MERGES_WAITING,
        alarm_words.merges_waiting(names, MERGES_WAIT_S),
        {"age": _of(service.MESSAGE_AGE, names.merge_queue)},
        QUARTER,
        MERGES_WAIT_S,
    )


def _merges_dead(names: Names) -> Alarm:
    return Alarm(
        names.dead_merges,
        Kind.MERGES_DEAD,
        alarm_words.merges_dead(names),
        {"dead": _of(service.MESSAGES_WAITING, names.dead_merges)},
        Window(PERIOD_S, 1),
        0,
    )


def _own(names: Names, metric: Metric, value: str) -> Series:
    """One of the pipeline's own metrics, of an event type or a function; `value` is that of its only dimension."""
    (dimension,) = metric.dimensions
    return Series(names.metrics, metric.name, {dimension: value}, metric.statistic)


def _of(metric: ServiceMetric, resource: str) -> Series:
    """A metric that a service sends of a resource; thresholds are in its own unit, whatever people read."""
    return Series(metric.namespace, metric.name, {metric.dimension: resource}, metric.statistic)
