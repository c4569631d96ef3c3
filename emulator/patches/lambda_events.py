"""Asynchronous invocations of Lambda wait in emulator time, and are in flight until success or the last failure.

LocalStack keeps them in an internal SQS queue that runs on the wall clock, with a poller that looks into it. Here the
queue is one of `emulator.deliveries.lambda_async`, whose poller sleeps until there is something.
Retry rules: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import functools
from datetime import UTC, datetime
from math import ceil
from types import ModuleType
from typing import Any

from wavetank.emulator.deliveries.lambda_async import MAXIMUM_AGE_S, QUEUES, deliver
from wavetank.emulator.faults.points import Point
from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.on_import import when_imported
from wavetank.emulator.runtime.reset import RESET


def install() -> None:
    """Change the event manager as soon as LocalStack imports it."""
    when_imported("localstack.services.lambda_.invocation.event_manager", queue_in_emulator_time)


def queue_in_emulator_time(event_manager: ModuleType) -> None:
    """Replace the queue, its poller and the notion of age. Raises TypeError where LocalStack has others."""
    sqs_invocation = original(event_manager, "SQSInvocation", "invocation")
    original(event_manager, "config.LAMBDA_RETRY_BASE_DELAY_SECONDS")
    from wavetank.emulator.deliveries.lambda_poller import TrackedPoller

    def enqueue_event(manager: Any, invocation: Any) -> None:
        invocation.invoke_time = datetime.fromtimestamp(CLOCK.now(), UTC)
        payload, body = invocation.payload, sqs_invocation(invocation).encode()
        put = functools.partial(QUEUES.open(manager.event_queue_url).put, body)
        deliver(manager.version_manager.function_version.id, payload, put)

    def has_enough_time_for_retry(sqs_invocation: Any, event_invoke_config: Any) -> bool:
        age_s = ceil(CLOCK.now() - sqs_invocation.invocation.invoke_time.timestamp())
        delay_s = (sqs_invocation.retries + 1) * event_manager.config.LAMBDA_RETRY_BASE_DELAY_SECONDS
        configured = event_invoke_config and event_invoke_config.maximum_event_age_in_seconds
        return bool(age_s + delay_s <= (configured or MAXIMUM_AGE_S))

    replace(event_manager, "Poller", TrackedPoller, "version_manager", "event_queue_url")
    replace(event_manager, "get_sqs_client", lambda *_args, **_kwargs: QUEUES, "function_version")
    replace(
        event_manager, "has_enough_time_for_retry", has_enough_time_for_retry, "sqs_invocation", "event_invoke_config"
    )
    replace(event_manager, "LambdaEventManager.enqueue_event", enqueue_event, "invocation")
    RESET.enrol(Point.LAMBDA_ASYNC, QUEUES.discard)
