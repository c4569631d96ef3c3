"""S3's event notifications are deliveries: from the write that causes one until its destination has taken it.

LocalStack hands them to a thread pool, where neither a settle sees them nor a fault can strike.
"""

from types import ModuleType
from typing import Any

from wavetank.emulator.deliveries.delivery import Delivery, Subject, send
from wavetank.emulator.faults.identity import steady
from wavetank.emulator.faults.points import Point
from wavetank.emulator.patches import replace
from wavetank.emulator.runtime.on_import import when_imported
from wavetank.emulator.runtime.s3_keys import form_decoded

DESTINATIONS = ("TopicArn", "QueueArn", "LambdaFunctionArn")


def install() -> None:
    """Change the dispatcher as soon as LocalStack imports it."""
    when_imported("localstack.services.s3.notifications", deliver_notifications)


def deliver_notifications(notifications: ModuleType) -> None:
    """Take over the hand-over to the thread pool. Raises TypeError where notifications are dispatched otherwise."""

    def submit(dispatcher: Any, notifier: Any, context: Any, config: dict[str, Any]) -> None:
        bucket, key = context.bucket_name, form_decoded(context.key_name)
        destination = next((config[name] for name in DESTINATIONS if name in config), notifier.service_name)
        target = {"bucket": bucket, "key": key, "event": str(context.event_type), "destination": destination}
        delivery = Delivery(
            point=Point.S3_NOTIFICATION,
            resource=bucket,
            what=f"{bucket}/{key} to {destination}",
            deliver=lambda: notifier.notify(context, config),
            subject=lambda: Subject(target, steady(f"{bucket}/{key}")),
            road=f"{bucket} to {destination}",
        )
        send(delivery, dispatcher.executor.submit)

    replace(notifications, "NotificationDispatcher._submit_notification", submit, "notifier", "config")
