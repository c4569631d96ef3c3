"""The AWS/SNS metrics of topics: messages published, and notifications delivered to subscribers or failed.

Source: SNS developer guide, "Monitoring Amazon SNS topics using CloudWatch".
"""

import threading
from collections.abc import Callable, Sequence

from wavetank.emulator.runtime.cloudwatch import Place
from wavetank.emulator.runtime.meter import METER, Series

NAMESPACE = "AWS/SNS"
PUBLISHED, SIZE = "NumberOfMessagesPublished", "PublishSize"
DELIVERED, FAILED = "NumberOfNotificationsDelivered", "NumberOfNotificationsFailed"
FIREHOSE = "firehose"
"""The protocol whose failures LocalStack tells nobody."""


class _Outcomes(threading.local):
    """What became of the notifications that this thread delivers: whether each arrived."""

    told: list[bool] | None = None


_OUTCOMES = _Outcomes()


def count_published(topic_arn: str, sizes: Sequence[int]) -> None:
    """Count messages, of these sizes in bytes, that were published to a topic."""
    values: list[tuple[Series, float]] = [(_series(topic_arn, PUBLISHED), len(sizes))]
    METER.add([*values, *((_series(topic_arn, SIZE, "Bytes"), size) for size in sizes)])


def note_outcome(*, arrived: bool) -> None:
    """Note what became of a notification that this thread delivers."""
    if _OUTCOMES.told is not None:
        _OUTCOMES.told.append(arrived)


def counted(deliver: Callable[[], object], topic_arn: str, protocol: str, notifications: int) -> None:
    """Deliver so many notifications, and count those that arrived and those that did not."""
    outer, _OUTCOMES.told = _OUTCOMES.told, []
    try:
        deliver()
    finally:
        told, _OUTCOMES.told = _OUTCOMES.told, outer
    failed = min(told.count(False), notifications)
    if protocol == FIREHOSE and not told:
        failed = notifications
    values = {DELIVERED: notifications - failed, FAILED: failed}
    METER.add([(_series(topic_arn, name), value) for name, value in values.items() if value])


def _series(topic_arn: str, metric: str, unit: str = "Count") -> Series:
    _, _, _, region, account, topic = topic_arn.split(":", 5)
    return Series(Place(account, region), NAMESPACE, metric, (("TopicName", topic),), unit)
