"""The calls of a schedule's target: made again as its retry policy says, and then left to its dead-letter queue.

A call is in flight until it is done or given up.
"""

import logging
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.connect import connect_to

from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.delayed_calls import DELAYED_CALLS
from wavetank.emulator.runtime.inflight import IN_FLIGHT
from wavetank.emulator.runtime.reset import RESET
from wavetank.emulator.scheduler.target import Call, send

LOG = logging.getLogger(__name__)

HOP = "scheduler.target"
AT_ONCE = 4
FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 900.0
"""AWS tries again "with exponential back-off"; it does not say at which intervals."""

POOL = ThreadPoolExecutor(AT_ONCE, "scheduler-target")


def call(schedule_arn: str, target: Mapping[str, Any], at: float) -> None:
    """Have a schedule's target called, which is due at `at` (seconds since the epoch)."""
    first = Call(schedule_arn, target, at, uuid.uuid4().hex)
    end = IN_FLIGHT.begin(HOP, _name(first), f"a call of {target['Arn']}")
    POOL.submit(_attempt, first, end)


def _attempt(call: Call, end: Callable[[], None]) -> None:
    try:
        send(call)
    except Exception as error:
        _failed(call, error)
    finally:
        end()


def _failed(call: Call, error: Exception) -> None:
    """Try again after a while, or give up."""
    policy = call.target.get("RetryPolicy", {})
    delay_s = min(FIRST_RETRY_S * 2 ** (call.attempt - 1), LONGEST_RETRY_S)
    due_at = CLOCK.now() + delay_s
    if call.attempt > policy.get("MaximumRetryAttempts", 185):
        return _give_up(call, error, "MaximumRetryAttempts")
    if due_at - call.at > policy.get("MaximumEventAgeInSeconds", 86_400):
        return _give_up(call, error, "MaximumEventAgeInSeconds")
    what, failed_at = f"a call of {call.target['Arn']}, to be tried again", CLOCK.now()
    end = IN_FLIGHT.begin(HOP, _name(call), what, until=due_at)

    def again() -> None:
        if RESET.forgets(failed_at):
            end()
        else:
            POOL.submit(_attempt, replace(call, attempt=call.attempt + 1), end)

    return DELAYED_CALLS.after(delay_s, again)


def _name(call: Call) -> str:
    """The name of the schedule that calls."""
    return call.schedule_arn.rpartition("/")[2]


def _give_up(call: Call, error: Exception, condition: str) -> None:
    """Send the payload to the dead-letter queue, where the schedule has one.

    Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
    """
    queue = call.target.get("DeadLetterConfig", {}).get("Arn")
    LOG.warning("%s gave up calling %s: %s", call.schedule_arn, call.target["Arn"], error)
    if not queue:
        return
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
    attributes = {
        "ERROR_CODE": code,
        "ERROR_MESSAGE": str(error)[:1024] or code,
        "EXECUTION_ID": call.execution_id,
        "EXHAUSTED_RETRY_CONDITION": condition,
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": str(call.attempt - 1),
        "SCHEDULED_TIME": call.time,
        "SCHEDULE_ARN": call.schedule_arn,
        "TARGET_ARN": call.target["Arn"],
    }
    _arn, _partition, _service, region, account, name = queue.split(":", 5)
    sqs = connect_to(aws_access_key_id=account, region_name=region).sqs
    sqs.send_message(
        QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"],
        MessageBody=call.payload(),
        MessageAttributes={key: {"DataType": "String", "StringValue": text} for key, text in attributes.items()},
    )
