"""The AWS/SQS metrics of messages sent, received and deleted: gathered, and put on CloudWatch in few calls.

Names and units:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
Times are the wall clock's: CloudWatch refuses what lies too far ahead of it.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import batched

from wavetank.emulator.runtime.batcher import Batcher
from wavetank.emulator.runtime.cloudwatch import MetricData, Place, put_metric_data

NAMESPACE = "AWS/SQS"

MAX_VALUES = 150
"""Distinct values of one metric in a call (Amazon CloudWatch API Reference, MetricDatum)."""


@dataclass(frozen=True, slots=True)
class Series:
    """The values of a queue's metric in a certain second since the epoch."""

    place: Place
    queue: str
    metric: str
    unit: str
    second: int


def gather(
    _dispatcher: object,
    account_id: str,
    region: str,
    queue_name: str,
    metric: str,
    value: float = 1,
    unit: str = "Count",
) -> None:
    """Add a value to those of this second; stands in for LocalStack's `dispatch_sqs_metric`."""
    METRICS.add((Series(Place(account_id, region), queue_name, metric, unit, int(time.time())), float(value)))


def _put(values: Sequence[tuple[Series, float]]) -> None:
    data: MetricData = defaultdict(list)
    by_series: defaultdict[Series, Counter[float]] = defaultdict(Counter)
    for series, value in values:
        by_series[series][value] += 1
    for series, counts in by_series.items():
        for part in batched(counts.items(), MAX_VALUES, strict=False):
            values_of_part, times = zip(*part, strict=True)
            data[series.place, NAMESPACE].append(
                {
                    "MetricName": series.metric,
                    "Dimensions": [{"Name": "QueueName", "Value": series.queue}],
                    "Timestamp": datetime.fromtimestamp(series.second, UTC),
                    "Values": list(values_of_part),
                    "Counts": list(map(float, times)),
                    "Unit": series.unit,
                }
            )
    put_metric_data(data)


METRICS: Batcher[tuple[Series, float]] = Batcher("sqs.metrics", _put)
