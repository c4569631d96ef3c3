"""The AWS/SQS metrics: of messages sent, received and deleted, as they are, and of those in the queues, by the minute.

Names and units:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
Times are the emulator's.
"""

import sys
from collections import Counter
from typing import Any

from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.cloudwatch import MetricData, Place
from wavetank.emulator.runtime.meter import METER, Series, data_of

NAMESPACE = "AWS/SQS"
ACTIVE_S = 6 * 3_600.0
"""A queue is measured so long after it held a message or was used; AWS does so too."""

OFTEN = 3
"""A message of a standard queue that was received so often counts for no age any more (key notes of that metric)."""


def gather(
    _dispatcher: object,
    account_id: str,
    region: str,
    queue_name: str,
    metric: str,
    value: float = 1,
    unit: str = "Count",
) -> None:
    """Count a value now; stands in for LocalStack's `dispatch_sqs_metric`."""
    place = Place(account_id, region)
    _USED[place, queue_name] = CLOCK.now()
    METER.add([(_series(place, queue_name, metric, unit), value)])


def measure() -> MetricData:
    """What the queues in use hold now, and for how long; stands in for LocalStack's reporter of its own."""
    values: dict[tuple[Series, int], Counter[float]] = {}
    models, now = sys.modules.get("localstack.services.sqs.models"), CLOCK.now()
    if models is None:
        return data_of(values)
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
            for metric, value, unit in measured:
                values[_series(place, queue.name, metric, unit), int(now)] = Counter([value])
    return data_of(values)


def _series(place: Place, queue: str, metric: str, unit: str) -> Series:
    return Series(place, NAMESPACE, metric, (("QueueName", queue),), unit)


def _messages(queue: Any) -> list[Any]:
    """The messages of a queue, in whatever state they are."""
    with queue.mutex:
        groups = getattr(queue, "message_groups", None)
        visible = list(queue.visible.queue) if groups is None else [m for g in groups.values() for m in g.messages]
        return [*visible, *queue.inflight, *queue.delayed]


def _counts_for_age(queue: Any, message: Any) -> bool:
    """Whether its age may be that of the oldest message: a standard queue puts what was often received behind all."""
    return not message.deleted and (hasattr(queue, "message_groups") or message.receive_count < OFTEN)


_USED: dict[tuple[Place, str], float] = {}
"""When a queue was last used or held a message, in seconds since the epoch."""
