"""The AWS/SQS metrics: of messages sent, received and deleted, which are gathered, and of those in the queues.

Names and units:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
Times are the emulator's.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import batched
from typing import Any

from wavetank.emulator.runtime.batcher import Batcher
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.cloudwatch import MetricData, Place, put_metric_data

NAMESPACE = "AWS/SQS"
ACTIVE_S = 6 * 3_600.0
"""A queue is measured so long after it held a message or was used; AWS does so too."""

OFTEN = 3
"""A message of a standard queue that was received so often counts for no age any more (key notes of that metric)."""

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
    now, place = CLOCK.now(), Place(account_id, region)
    _USED[place, queue_name] = now
    METRICS.add((Series(place, queue_name, metric, unit, int(now)), float(value)))


def measure() -> MetricData:
    """What the queues in use hold now, and for how long; stands in for LocalStack's reporter of its own."""
    data: MetricData = defaultdict(list)
    models = sys.modules.get("localstack.services.sqs.models")
    if models is None:
        return data
    now = CLOCK.now()
    for account, region, store in models.sqs_stores.iter_stores():
        place = Place(account, region)
        for queue in list(store.queues.values()):
            numbers = {
                "Visible": queue.approximate_number_of_messages,
                "NotVisible": queue.approximate_number_of_messages_not_visible,
                "Delayed": queue.approximate_number_of_messages_delayed,
            }
            if any(numbers.values()):
                _USED[place, queue.name] = now
            if now - _USED.get((place, queue.name), 0.0) >= ACTIVE_S:
                continue
            measured = [
                (f"ApproximateNumberOfMessages{state}", float(number), "Count") for state, number in numbers.items()
            ]
            if ages := [now - message.created for message in _messages(queue) if _counts_for_age(queue, message)]:
                measured.append(("ApproximateAgeOfOldestMessage", max(0.0, *ages), "Seconds"))
            data[place, NAMESPACE] += [
                {
                    "MetricName": metric,
                    "Dimensions": [{"Name": "QueueName", "Value": queue.name}],
                    "Timestamp": datetime.fromtimestamp(now, UTC),
                    "Value": value,
                    "Unit": unit,
                }
                for metric, value, unit in measured
            ]
    return data


def _messages(queue: Any) -> list[Any]:
    """The messages of a queue, in whatever state they are."""
    with queue.mutex:
        groups = getattr(queue, "message_groups", None)
        visible = list(queue.visible.queue) if groups is None else [m for g in groups.values() for m in g.messages]
        return [*visible, *queue.inflight, *queue.delayed]


def _counts_for_age(queue: Any, message: Any) -> bool:
    """Whether its age may be that of the oldest message: a standard queue puts what was often received behind all."""
    return not message.deleted and (hasattr(queue, "message_groups") or message.receive_count < OFTEN)


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


_USED: dict[tuple[Place, str], float] = {}
"""When a queue was last used or held a message, in seconds since the epoch."""

METRICS: Batcher[tuple[Series, float]] = Batcher("sqs.metrics", _put)
