"""SNS messages: from their publication until each subscriber has taken its own."""

import copy
import json
from types import ModuleType
from typing import Any

from wavetank.emulator.deliveries.delivery import Delivery, Subject, send
from wavetank.emulator.faults.engine import FAULTS
from wavetank.emulator.faults.identity import steady, subject_of
from wavetank.emulator.faults.points import Point


def patch(publisher: ModuleType) -> None:
    """Take over the hand-over to the thread pools in `localstack.services.sns.publisher`."""
    dispatcher = publisher.PublishDispatcher
    if not callable(dispatcher._submit_notification):
        raise TypeError("LocalStack's SNS dispatcher is not the one this was written for")
    dispatcher._submit_notification = _submit


def _submit(self: Any, notifier: Any, context: Any, subscriber: dict[str, Any]) -> None:
    topic_arn = subscriber.get("TopicArn", "")

    def submit(run: Any) -> None:
        if topic_arn.endswith(".fifo"):
            self.topic_partitioned_executor.submit(run, topic_arn)
        else:
            self.executor.submit(run)

    for part in _parts(context):
        send(_delivery(notifier, part, subscriber), submit)


def _parts(context: Any) -> list[Any]:
    """The batch as it is, or one context for each of its messages while a fault may pick one out."""
    if not FAULTS.armed(Point.SNS_DELIVERY) or not hasattr(context, "messages"):
        return [context]
    parts = []
    for message in context.messages:
        part = copy.copy(context)
        part.messages = [message]
        parts.append(part)
    return parts


def _delivery(notifier: Any, context: Any, subscriber: dict[str, Any]) -> Delivery:
    topic = subscriber.get("TopicArn", "").rpartition(":")[2]
    endpoint = subscriber.get("Endpoint") or ""
    return Delivery(
        Point.SNS_DELIVERY,
        topic,
        f"{topic} to {endpoint}",
        lambda: notifier.publish(context=context, subscriber=subscriber),
        lambda: _subject(context, topic, endpoint, subscriber["Protocol"]),
        road=f"{topic} to {endpoint}",
    )


def _subject(context: Any, topic: str, endpoint: str, protocol: str) -> Subject:
    message = context.messages[0] if hasattr(context, "messages") else context.message
    text = message.message if isinstance(message.message, str) else json.dumps(message.message)
    subject = subject_of(text)
    target = {"topic": topic, "protocol": protocol, "endpoint": endpoint, "subject": subject}
    return Subject(target, f"{topic}/{endpoint}/{steady(subject)}")
