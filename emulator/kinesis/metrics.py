"""The AWS/Kinesis metrics: counted at each write, read, push and trim, sent to CloudWatch by a reporter.

Names and units from the Developer Guide, "Monitor the Amazon Kinesis Data Streams service with CloudWatch".
Values are summed up per minute before they are sent. Nothing is sent before CloudWatch runs: counts wait until then,
and the oldest are given up when there are too many.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import batched
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.connect import connect_to
from localstack.services.plugins import SERVICE_PLUGINS

from wavetank.emulator.kinesis.model.shards import Shard
from wavetank.emulator.kinesis.model.stream import Read, Stream
from wavetank.emulator.kinesis.settings import ShardMetric
from wavetank.emulator.runtime.clock import CLOCK

LOG = logging.getLogger(__name__)
NAMESPACE = "AWS/Kinesis"
MOST_DATA = 500
MOST_WAITING = 20_000
MINUTE_S = 60


class Metric(StrEnum):
    """A stream-level metric."""

    INCOMING_BYTES = "IncomingBytes"
    INCOMING_RECORDS = "IncomingRecords"
    PUT_BYTES = "PutRecord.Bytes"
    PUT_SUCCESS = "PutRecord.Success"
    BATCH_BYTES = "PutRecords.Bytes"
    BATCH_SUCCESS = "PutRecords.Success"
    BATCH_TOTAL = "PutRecords.TotalRecords"
    BATCH_SUCCESSFUL = "PutRecords.SuccessfulRecords"
    BATCH_FAILED = "PutRecords.FailedRecords"
    BATCH_THROTTLED = "PutRecords.ThrottledRecords"
    READ_BYTES = "GetRecords.Bytes"
    READ_RECORDS = "GetRecords.Records"
    READ_SUCCESS = "GetRecords.Success"
    ITERATOR_AGE = "GetRecords.IteratorAgeMilliseconds"
    PUSHED_BYTES = "SubscribeToShardEvent.Bytes"
    PUSHED_RECORDS = "SubscribeToShardEvent.Records"
    PUSHED_BEHIND = "SubscribeToShardEvent.MillisBehindLatest"
    READ_THROTTLED = "ReadProvisionedThroughputExceeded"
    WRITE_THROTTLED = "WriteProvisionedThroughputExceeded"
    TRIMMED_RECORDS = "TrimmedRecords"
    TRIMMED_BYTES = "TrimmedBytes"


@dataclass(frozen=True, slots=True)
class Series:
    """A series of values: account, region, metric, stream, and (enhanced monitoring) shard or consumer."""

    account: str
    region: str
    metric: str
    stream: str
    shard: str | None = None
    consumer: str | None = None


@dataclass(slots=True)
class Statistic:
    """A statistic set of CloudWatch."""

    count: int = 0
    total: float = 0.0
    least: float = float("inf")
    most: float = float("-inf")

    def add(self, value: float) -> None:
        """Count one value."""
        self.count += 1
        self.total += value
        self.least = min(self.least, value)
        self.most = max(self.most, value)


type Batch = dict[tuple[Series, int], Statistic]


class Meter:
    """Counts values by series and minute until they are taken."""

    def __init__(self, now: Callable[[], float] = CLOCK.now) -> None:
        """`now`: seconds since the epoch, in emulator time."""
        self._now = now
        self._lock = threading.Lock()
        self._waiting: Batch = {}

    def add(self, values: Iterable[tuple[Series, float]]) -> None:
        """Count one value of each series now."""
        minute = int(self._now()) // MINUTE_S * MINUTE_S
        with self._lock:
            for series, value in values:
                key = (series, minute)
                statistic = self._waiting.get(key)
                if statistic is None:
                    statistic = self._waiting[key] = Statistic()
                statistic.add(value)
            while len(self._waiting) > MOST_WAITING:
                del self._waiting[next(iter(self._waiting))]

    def is_waiting(self) -> bool:
        """Whether anything was counted since the last time."""
        return bool(self._waiting)

    def take(self) -> Batch:
        """Everything counted since the last time."""
        with self._lock:
            taken, self._waiting = self._waiting, {}
        return taken


METER = Meter()


@dataclass(slots=True)
class ShardWrites:
    """The records and bytes that one request wrote to one shard, and the records that were throttled, or failed."""

    records: int = 0
    size: int = 0
    throttled: int = 0
    failed: int = 0


def count_put(stream: Stream, writes: dict[str, ShardWrites]) -> None:
    """Count a PutRecord."""
    taken = sum(write.records for write in writes.values())
    size = sum(write.size for write in writes.values())
    METER.add(
        [
            *_incoming(stream, writes),
            (_series(stream, Metric.PUT_SUCCESS), taken),
            (_series(stream, Metric.PUT_BYTES), size),
        ]
    )


def count_batch(stream: Stream, writes: dict[str, ShardWrites]) -> None:
    """Count a PutRecords."""
    taken = sum(write.records for write in writes.values())
    size = sum(write.size for write in writes.values())
    throttled = sum(write.throttled for write in writes.values())
    failed = sum(write.failed for write in writes.values())
    METER.add(
        [
            *_incoming(stream, writes),
            (_series(stream, Metric.BATCH_BYTES), size),
            (_series(stream, Metric.BATCH_SUCCESS), float(taken > 0)),
            (_series(stream, Metric.BATCH_TOTAL), taken + throttled + failed),
            (_series(stream, Metric.BATCH_SUCCESSFUL), taken),
            (_series(stream, Metric.BATCH_FAILED), failed),
            (_series(stream, Metric.BATCH_THROTTLED), throttled),
        ]
    )


def count_read(stream: Stream, read: Read) -> None:
    """Count a GetRecords that was answered."""
    number, size = len(read.records), sum(len(record.data) for record in read.records)
    METER.add(
        [
            (_series(stream, Metric.READ_SUCCESS), 1),
            (_series(stream, Metric.READ_RECORDS), number),
            (_series(stream, Metric.READ_BYTES), size),
            (_series(stream, Metric.ITERATOR_AGE), read.millis_behind),
            *_of_shard(stream, read.shard, ShardMetric.OUTGOING_RECORDS, number),
            *_of_shard(stream, read.shard, ShardMetric.OUTGOING_BYTES, size),
            *_of_shard(stream, read.shard, ShardMetric.ITERATOR_AGE, read.millis_behind),
        ]
    )


def count_throttled_read(stream: Stream, shard: Shard) -> None:
    """Count a GetRecords that was refused."""
    METER.add([(_series(stream, Metric.READ_THROTTLED), 1), *_of_shard(stream, shard, ShardMetric.READ_THROTTLED, 1)])


def count_push(stream: Stream, consumer: str, read: Read) -> None:
    """Count an event sent to an enhanced fan-out consumer."""
    size = sum(len(record.data) for record in read.records)
    METER.add(
        [
            (_series(stream, Metric.PUSHED_RECORDS, consumer=consumer), len(read.records)),
            (_series(stream, Metric.PUSHED_BYTES, consumer=consumer), size),
            (_series(stream, Metric.PUSHED_BEHIND, consumer=consumer), read.millis_behind),
        ]
    )


def count_trim(stream: Stream, records: int, size: int) -> None:
    """Count records given up to keep within the memory cap (no metric of AWS)."""
    METER.add([(_series(stream, Metric.TRIMMED_RECORDS), records), (_series(stream, Metric.TRIMMED_BYTES), size)])


def can_be_sent() -> bool:
    """Whether any count waits and CloudWatch is in use already: metrics alone are no reason to load it."""
    return METER.is_waiting() and bool(SERVICE_PLUGINS.is_running("cloudwatch"))


def send() -> None:
    """Put everything counted since the last time; metrics that CloudWatch does not take are given up with a warning."""
    places: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for (series, minute), statistic in METER.take().items():
        unit = "Count"
        if series.metric.endswith("Bytes"):
            unit = "Bytes"
        elif series.metric.endswith(("Milliseconds", "MillisBehindLatest")):
            unit = "Milliseconds"
        dimensions = {"StreamName": series.stream, "ShardId": series.shard, "ConsumerName": series.consumer}
        datum = {
            "MetricName": series.metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items() if value],
            "Timestamp": datetime.fromtimestamp(minute, UTC),
            "StatisticValues": {
                "SampleCount": statistic.count,
                "Sum": statistic.total,
                "Minimum": statistic.least,
                "Maximum": statistic.most,
            },
            "Unit": unit,
        }
        places[series.account, series.region].append(datum)
    for (account, region), data in places.items():
        client = connect_to(aws_access_key_id=account, region_name=region).cloudwatch
        for part in batched(data, MOST_DATA, strict=False):
            try:
                client.put_metric_data(Namespace=NAMESPACE, MetricData=list(part))
            except (BotoCoreError, ClientError) as error:
                LOG.warning("CloudWatch did not take %d metrics of Kinesis: %s", len(part), error)


def _incoming(stream: Stream, writes: dict[str, ShardWrites]) -> Iterator[tuple[Series, float]]:
    yield _series(stream, Metric.INCOMING_RECORDS), sum(write.records for write in writes.values())
    yield _series(stream, Metric.INCOMING_BYTES), sum(write.size for write in writes.values())
    yield _series(stream, Metric.WRITE_THROTTLED), sum(write.throttled for write in writes.values())
    monitored = stream.settings.metrics
    for name, write in writes.items() if monitored else ():
        for metric, value in (
            (ShardMetric.INCOMING_RECORDS, write.records),
            (ShardMetric.INCOMING_BYTES, write.size),
            (ShardMetric.WRITE_THROTTLED, write.throttled),
        ):
            if metric in monitored:
                yield _series(stream, metric, name), value


def _of_shard(stream: Stream, shard: Shard, metric: ShardMetric, value: float) -> Sequence[tuple[Series, float]]:
    return [(_series(stream, metric, shard.name), value)] if metric in stream.settings.metrics else []


def _series(stream: Stream, metric: str, shard: str | None = None, consumer: str | None = None) -> Series:
    who = stream.identity
    return Series(who.account, who.region, metric, stream=who.name, shard=shard, consumer=consumer)
