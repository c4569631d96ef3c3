"""The ratios of a stage that runs, from a day of its metrics and the sizes of its files at rest.

Metrics are read with GetMetricData, for which AWS takes a cent for a thousand metrics (CloudWatch pricing).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any

from wavetank.emulator.stack.stack import Stack
from wavetank.emulator.stack.uncontrolled import detect
from wavetank.pipeline import metrics
from wavetank.pipeline.layout import AVRO, PARQUET, REFERENCE, type_prefix
from wavetank.pipeline.names import log_group
from wavetank.pipeline.topology import Topology
from wavetank.scenarios.client.metric_data import Metric, datapoints
from wavetank.scenarios.flow import ratios as of
from wavetank.scenarios.flow.ratios import Basis, Figure, Ratio, Ratios

MB = 1_000_000
WINDOW_S = 86_400
PERIOD_S = 3_600
MOST_PERIODS = 200
OWN = (metrics.CHUNKS, metrics.PARTS, metrics.MERGES, metrics.MERGED)


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of a day: records and bytes of each stream, invocations and milliseconds of each function.

    log_bytes: of each function's log. own: by metric of the pipeline's own, over all event types. files: bytes of the
    files at rest that were written in that time, by layer. files_number: how many of the data of record.
    largest_snapshot: bytes of the largest snapshot of a reference, whenever it was written.
    """

    records: Mapping[str, float]
    record_bytes: Mapping[str, float]
    invocations: Mapping[str, float]
    duration_ms: Mapping[str, float]
    log_bytes: Mapping[str, float]
    own: Mapping[str, float]
    files: Mapping[str, float]
    files_number: int
    largest_snapshot: float = 0

    def document(self) -> dict[str, Any]:
        """The sums as JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def read(stack: Stack, topology: Topology) -> Sums:
    """The sums of the last day of a stage on a stack; zero for each metric that there is not."""
    now_s = detect(stack).control.now()
    first, last = now_s - WINDOW_S, now_s + PERIOD_S
    streams = [name for event in topology.events for name in (event.raw_stream, event.processed_stream)]
    wanted: dict[tuple[str, str], Metric] = {}
    for metric in ("IncomingRecords", "IncomingBytes"):
        wanted |= {(metric, name): _sum_of("AWS/Kinesis", metric, "StreamName", name) for name in streams}
    for metric in ("Invocations", "Duration"):
        wanted |= {(metric, name): _sum_of("AWS/Lambda", metric, "FunctionName", name) for name in topology.functions}
    for name in topology.functions:
        wanted["LogBytes", name] = _sum_of("AWS/Logs", "IncomingBytes", "LogGroupName", log_group(name))
    for own in OWN:
        for event in topology.events:
            wanted[own.name, event.name] = _sum_of(topology.names.metrics, own.name, own.dimensions[0], event.name)
    sums = _sums(stack.client("cloudwatch"), wanted, first, last)

    def by_name(metric: str) -> dict[str, float]:
        return {name: value for (title, name), value in sums.items() if title == metric}

    # Where nothing has flowed the bucket need not be there.
    layers = (AVRO, PARQUET) if sum(by_name("IncomingRecords").values()) else ()
    sizes: dict[str, list[int]] = {AVRO: [], PARQUET: []} | {
        layer: list(_sizes(stack, topology, layer, first)) for layer in layers
    }
    return Sums(
        records=by_name("IncomingRecords"),
        record_bytes=by_name("IncomingBytes"),
        invocations=by_name("Invocations"),
        duration_ms=by_name("Duration"),
        log_bytes=by_name("LogBytes"),
        own={own.name: sum(by_name(own.name).values()) for own in OWN},
        files={layer: float(sum(each)) for layer, each in sizes.items()},
        files_number=len(sizes[AVRO]),
        largest_snapshot=max(_snapshot_sizes(stack, topology), default=0) if layers else 0,
    )


def shares(sums: Sums, topology: Topology) -> dict[str, float]:
    """The records of each event type."""
    return {event.name: sums.records.get(event.raw_stream, 0) for event in topology.events}


def ratios(sums: Sums, topology: Topology) -> Ratios:
    """The ratios that the sums tell; defaults of those that they do not."""
    raw = [event.raw_stream for event in topology.events]
    processed = [event.processed_stream for event in topology.events]
    events, out = _total(sums.records, raw), _total(sums.records, processed)
    in_bytes, out_bytes = _total(sums.record_bytes, raw), _total(sums.record_bytes, processed)
    chunks, parts_of = sums.own[metrics.CHUNKS.name], topology.names
    merges, merged = (sums.own[each.name] for each in (metrics.MERGES, metrics.MERGED))
    processors = [event.processor for event in topology.events]
    dumpers = [parts_of.dumper(database.name) for database in topology.databases]
    calls = _total(sums.invocations, processors)
    figures: dict[Ratio, float | None] = {
        of.EVENT_BYTES: _by(in_bytes, events),
        of.PROCESSED_RATIO: _by(out_bytes * events, in_bytes * out),
        of.PROCESSING_MS: _by(_rest(_total(sums.duration_ms, processors), calls, of.PROCESSING_START_MS), events),
        of.PARTITIONING_MS: _by(
            _rest(_total(sums.duration_ms, [parts_of.partitioner]), chunks, of.PARTITIONING_START_MS), out
        ),
        of.MERGE_MS: _by(_rest(_total(sums.duration_ms, [parts_of.concatenator]), merges, of.MERGE_START_MS), merged),
        of.DUMP_MS: _by(_total(sums.duration_ms, dumpers), _total(sums.invocations, dumpers)),
        of.SNAPSHOT_MB: sums.largest_snapshot / MB,
        of.LOG_BYTES: _by(_total(sums.log_bytes), _total(sums.invocations)),
        of.AVRO_RATIO: _by(sums.files[AVRO], out_bytes),
        of.PARQUET_RATIO: _by(sums.files[PARQUET], out_bytes),
    }
    return Ratios({ratio: Figure(value, Basis.MEASURED) for ratio, value in figures.items() if value})


def _by(part: float, whole: float) -> float | None:
    """A part of a whole; None where there is none of either."""
    return part / whole if part > 0 and whole > 0 else None


def _rest(duration_ms: float, calls: float, start: Ratio) -> float:
    """The milliseconds that the events took, of those of all calls."""
    return duration_ms - calls * start.default


def _total(values: Mapping[str, float], names: "list[str] | None" = None) -> float:
    return sum(values.values()) if names is None else sum(values.get(name, 0) for name in names)


def _sum_of(namespace: str, name: str, dimension: str, value: str) -> Metric:
    return Metric(namespace, name, ((dimension, value),), "Sum")


def _sums(
    cloudwatch: Any, wanted: Mapping[tuple[str, str], Metric], first: float, last: float
) -> dict[tuple[str, str], float]:
    """The sum of each metric from `first` to `last` (seconds since the epoch)."""
    period_s = max(PERIOD_S, ceil((last - first) / MOST_PERIODS / PERIOD_S) * PERIOD_S)
    values = datapoints(cloudwatch, wanted, since_s=first, until_s=last, period_s=period_s)
    return {key: sum(by_period.values()) for key, by_period in values.items()}


def _sizes(stack: Stack, topology: Topology, layer: str, since_s: float) -> Iterator[int]:
    """The sizes of the files of a layer that were written since then."""
    bucket, since = topology.names.data_bucket(stack.account), datetime.fromtimestamp(since_s, UTC)
    paginator = stack.client("s3").get_paginator("list_objects_v2")
    for event in topology.events:
        for page in paginator.paginate(Bucket=bucket, Prefix=type_prefix(layer, event.name)):
            yield from (item["Size"] for item in page.get("Contents", ()) if item["LastModified"] >= since)


def _snapshot_sizes(stack: Stack, topology: Topology) -> Iterator[int]:
    """The sizes of what is published of references."""
    bucket = topology.names.registry_bucket(stack.account)
    for page in stack.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{REFERENCE}/"):
        yield from (item["Size"] for item in page.get("Contents", ()))
