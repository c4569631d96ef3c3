"""Logs and metrics of functions, on their way to CloudWatch in batches.

LocalStack makes one call for the log and one for the metric of every invocation, each from a thread of its own, and
each costs more than the invocation. Here both wait a moment for others; what arrives is the same. Metrics embedded in
the lines of a log (see `emf`) are taken out of them on their way.
Times are the emulator's, also those of lines whose function wrote the wall clock's time in them.
"""

import contextlib
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.connect import connect_to
from localstack.utils.bootstrap import is_api_enabled

from wavetank.emulator.authority.acting import client_by_role
from wavetank.emulator.lambda_.service.emf import Metric, metrics_of
from wavetank.emulator.runtime.batcher import Batcher
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.cloudwatch import MetricData, Place, put_metric_data
from wavetank.emulator.runtime.meter import Series, data_of

LOG = logging.getLogger(__name__)

NAMESPACE = "AWS/Lambda"
REFUSALS = ("AccessDenied", "AccessDeniedException")
MAX_EVENTS = 1000
"""Log events of one call; AWS's limit is 10,000."""
MAX_BYTES = 1_048_576
OVERHEAD = 26
DAY_MS = 86_400_000
"""Bytes of one call, each event with this many more than it has, and the time from the first to the last."""
LONGEST_LINE = 262_144 - OVERHEAD - 1
"""Bytes of a line; of a longer one the rest is cut off."""


@dataclass(frozen=True)
class Stream:
    """A log stream, and the role and the ARN of the function that writes it."""

    place: Place
    group: str
    name: str
    role: str
    function: str


@dataclass(frozen=True)
class LogLine:
    """A line of a log, with its time in milliseconds since the epoch."""

    stream: Stream
    at_ms: int
    message: str


@dataclass(frozen=True)
class Measurement:
    """A value of a function's metric, or of all functions' together, in a certain second since the epoch."""

    place: Place
    function: str | None
    metric: str
    second: int
    value: float = 1.0
    unit: str = "Count"


@dataclass(frozen=True)
class Embedded:
    """A metric that a function wrote into its log."""

    place: Place
    metric: Metric


def log(stream: Stream, text: str) -> None:
    """Deliver the lines of `text` to a log stream, which is made where it is not there, and the metrics in them."""
    at_ms = int(CLOCK.now() * 1000)
    for line in text.split("\n"):
        if line:
            if len(line) > LONGEST_LINE // 4:
                line = line.encode()[:LONGEST_LINE].decode(errors="ignore")
            LOG_LINES.add(LogLine(stream, at_ms, line + "\n"))
            for metric in metrics_of(line):
                EMBEDDED.add(Embedded(stream.place, metric))


def count(place: Place, function: str, *metrics: str) -> None:
    """Count one of each of these metrics of a function."""
    for metric in metrics:
        measure(place, function, metric)


def measure(place: Place, function: str | None, metric: str, value: float = 1.0, unit: str = "Count") -> None:
    """Take a value of a metric of a function, or of all functions of an account and region."""
    MEASUREMENTS.add(Measurement(place, function, metric, int(CLOCK.now()), round(value, 2), unit))


def _put_log_lines(lines: Sequence[LogLine]) -> None:
    if not is_api_enabled("logs"):
        return
    by_stream: defaultdict[Stream, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        by_stream[line.stream].append({"timestamp": line.at_ms, "message": line.message})
    for stream, events in by_stream.items():
        try:
            _put_events(stream, events)
        except ClientError as error:
            # As on AWS, a function whose role may not write its log goes on without one.
            if error.response["Error"]["Code"] not in REFUSALS:
                raise
            LOG.warning("the log %s was not written: %s", stream.group, error)


def _put_events(stream: Stream, events: Sequence[dict[str, Any]]) -> None:
    place = stream.place
    client = client_by_role("logs", "lambda", role=stream.role, source=stream.function, region=place.region)
    if client is None:
        client = connect_to(aws_access_key_id=place.account, region_name=place.region).logs
    where = {"logGroupName": stream.group, "logStreamName": stream.name}
    for batch in _batches(events):
        try:
            client.put_log_events(**where, logEvents=batch)
        except client.exceptions.ResourceNotFoundException:
            _make_stream(client, stream)
            client.put_log_events(**where, logEvents=batch)


def _make_stream(client: Any, stream: Stream) -> None:
    """Make a log stream, and its group where there is none: who has the right to the first may not have the second."""
    where = {"logGroupName": stream.group, "logStreamName": stream.name}
    with contextlib.suppress(client.exceptions.ResourceAlreadyExistsException):
        try:
            client.create_log_stream(**where)
        except client.exceptions.ResourceNotFoundException:
            with contextlib.suppress(client.exceptions.ResourceAlreadyExistsException):
                client.create_log_group(logGroupName=stream.group)
            client.create_log_stream(**where)


def _batches(events: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Events in the order of their times, in parts that one call takes."""
    batch: list[dict[str, Any]] = []
    size = 0
    for event in sorted(events, key=lambda event: event["timestamp"]):
        bytes_ = len(event["message"].encode()) + OVERHEAD
        is_long = bool(batch) and event["timestamp"] - batch[0]["timestamp"] > DAY_MS
        if len(batch) == MAX_EVENTS or size + bytes_ > MAX_BYTES or is_long:
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += bytes_
    if batch:
        yield batch


def _put_measurements(measurements: Sequence[Measurement]) -> None:
    values: defaultdict[tuple[Series, int], Counter[float]] = defaultdict(Counter)
    for each in measurements:
        dimensions = () if each.function is None else (("FunctionName", each.function),)
        values[Series(each.place, NAMESPACE, each.metric, dimensions, each.unit), each.second][each.value] += 1
    put_metric_data(data_of(values))


def _put_embedded(metrics: Sequence[Embedded]) -> None:
    data: MetricData = defaultdict(list)
    for embedded in metrics:
        metric, values = embedded.metric, Counter(embedded.metric.values)
        data[embedded.place, metric.namespace].append(
            {
                "MetricName": metric.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
                "Timestamp": datetime.fromtimestamp(metric.at_ms / 1000, UTC),
                "Values": list(values),
                "Counts": [float(times) for times in values.values()],
                "Unit": metric.unit,
                "StorageResolution": metric.resolution.value,
            }
        )
    put_metric_data(data)


LOG_LINES = Batcher("lambda.logs", _put_log_lines)
MEASUREMENTS = Batcher("lambda.metrics", _put_measurements)
EMBEDDED = Batcher("lambda.embedded-metrics", _put_embedded)
