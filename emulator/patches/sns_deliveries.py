"""SNS's messages are deliveries: from their publication until each subscriber has taken its own.

LocalStack hands them to thread pools, where neither a settle sees them nor a fault can strike, and counts none.
"""

import copy
import json
from types import ModuleType
from typing import Any

from wavetank.emulator.deliveries.delivery import Delivery, Subject, send
from wavetank.emulator.deliveries.notifications import count_published, counted, note_outcome
from wavetank.emulator.faults.engine import FAULTS
from wavetank.emulator.faults.identity import steady, subject_of
from wavetank.emulator.faults.points import Point
from wavetank.emulator.patches import replace, wrap
from wavetank.emulator.runtime.on_import import when_imported


def install() -> None:
    """Change the dispatcher as soon as LocalStack imports it."""
    when_imported("localstack.services.sns.publisher", deliver_messages)
    when_imported("localstack.services.sns.publisher", count_messages)


def deliver_messages(publisher: ModuleType) -> None:
    """Take over the hand-over to the thread pools. Raises TypeError where messages are dispatched otherwise."""

    def submit(dispatcher: Any, notifier: Any, context: Any, subscriber: dict[str, Any]) -> None:
        topic_arn = subscriber.get("TopicArn", "")

        def run_soon(run: Any) -> None:
            if topic_arn.endswith(".fifo"):
                dispatcher.topic_partitioned_executor.submit(run, topic_arn)
            else:
                dispatcher.executor.submit(run)

        for part in _parts(context):
            send(_delivery(notifier, part, subscriber), run_soon)

    replace(publisher, "PublishDispatcher._submit_notification", submit, "notifier", "subscriber")


def count_messages(publisher: ModuleType) -> None:
    """Count messages, and what becomes of notifications. Raises TypeError where they are published otherwise."""

    def publish_to_topic(publish: Any, dispatcher: Any, ctx: Any, topic_arn: str) -> None:
        messages = ctx.messages if hasattr(ctx, "messages") else [ctx.message]
        count_published(topic_arn, [len(_text(message).encode()) for message in messages])
        publish(dispatcher, ctx, topic_arn)

    def store_delivery_log(
        store: Any, message_context: Any, subscriber: Any, success: bool, *args: Any, **kw: Any
    ) -> Any:
        note_outcome(arrived=success)
        return store(message_context, subscriber, success, *args, **kw)

    wrap(publisher, "PublishDispatcher.publish_to_topic", publish_to_topic, "ctx", "topic_arn")
    wrap(publisher, "PublishDispatcher.publish_batch_to_topic", publish_to_topic, "ctx", "topic_arn")
    wrap(publisher, "store_delivery_log", store_delivery_log, "message_context", "subscriber", "success")


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

    def subject() -> Subject:
        message = context.messages[0] if hasattr(context, "messages") else context.message
        about = subject_of(_text(message))
        target = {"topic": topic, "protocol": subscriber["Protocol"], "endpoint": endpoint, "subject": about}
        return Subject(target, f"{topic}/{endpoint}/{steady(about)}")

    return Delivery(
        point=Point.SNS_DELIVERY,
        resource=topic,
        what=f"{topic} to {endpoint}",
        deliver=lambda: counted(
            lambda: notifier.publish(context=context, subscriber=subscriber),
            subscriber["TopicArn"],
            subscriber["Protocol"],
            len(context.messages) if hasattr(context, "messages") else 1,
        ),
        subject=subject,
        road=f"{topic} to {endpoint}",
    )


def _text(message: Any) -> str:
    """The text of a message, which may have one for each protocol."""
    return message.message if isinstance(message.message, str) else json.dumps(message.message)
