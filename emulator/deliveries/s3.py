"""S3 event notifications: from the write that causes one until its destination has taken it."""

from types import ModuleType
from typing import Any

from wavetank.emulator.deliveries.delivery import Delivery, Subject, send
from wavetank.emulator.faults.identity import steady
from wavetank.emulator.faults.points import Point
from wavetank.emulator.runtime.s3_keys import form_decoded

_DESTINATIONS = ("TopicArn", "QueueArn", "LambdaFunctionArn")


def patch(notifications: ModuleType) -> None:
    """Take over the hand-over to the thread pool in `localstack.services.s3.notifications`."""
    dispatcher = notifications.NotificationDispatcher
    if not callable(dispatcher._submit_notification):
        raise TypeError("LocalStack's S3 notification dispatcher is not the one this was written for")
    dispatcher._submit_notification = _submit


def _submit(self: Any, notifier: Any, context: Any, config: dict[str, Any]) -> None:
    send(_delivery(notifier, context, config), self.executor.submit)


def _delivery(notifier: Any, context: Any, config: dict[str, Any]) -> Delivery:
    bucket, key = context.bucket_name, form_decoded(context.key_name)
    destination = next((config[name] for name in _DESTINATIONS if name in config), notifier.service_name)
    target = {
        "bucket": bucket,
        "key": key,
        "event": str(context.event_type),
        "destination": destination,
    }
    return Delivery(
        Point.S3_NOTIFICATION,
        bucket,
        f"{bucket}/{key} to {destination}",
        lambda: notifier.notify(context, config),
        lambda: Subject(target, steady(f"{bucket}/{key}")),
        road=f"{bucket} to {destination}",
    )
