"""The actions of alarms: a message to a topic, or an event for a function; in flight until it has been taken.

They are taken in order, by the policy of the topic or function. Those for other services (Auto Scaling, EC2, Systems
Manager) are noted as failed in the history of the alarm.
Source: Amazon CloudWatch User Guide, "Alarm actions".
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from localstack.aws.connect import connect_to

from wavetank.emulator.cloudwatch.core.verdict import State
from wavetank.emulator.cloudwatch.evaluator import Change
from wavetank.emulator.cloudwatch.history import HISTORY
from wavetank.emulator.cloudwatch.messages import for_function, for_topic, subject
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.inflight import IN_FLIGHT

LOG = logging.getLogger(__name__)

HOP = "cloudwatch.action"
BY_STATE = {
    State.OK: "OKActions",
    State.ALARM: "AlarmActions",
    State.INSUFFICIENT_DATA: "InsufficientDataActions",
}
TO_TOPICS, TO_FUNCTIONS = "cloudwatch", "lambda.alarms.cloudwatch"
"""The principals by whose name CloudWatch calls, up to `.amazonaws.com`."""

POOL = ThreadPoolExecutor(1, "alarm-actions")


def take_actions(change: Change) -> None:
    """Have the actions of a change of state taken; none where they are switched off."""
    if not change.alarm.document.get("ActionsEnabled", True):
        return
    for action in change.after[BY_STATE[State(change.after["StateValue"])]]:
        end = IN_FLIGHT.begin(HOP, change.alarm.name, f"{change.after['StateValue']} for {action}")
        POOL.submit(_take, change, action, end)


def _take(change: Change, action: str, end: Callable[[], None]) -> None:
    message, error = "", None
    try:
        message = _send(change, action)
    except Exception as failure:
        LOG.warning("the action %s of the alarm %s failed: %s", action, change.alarm.name, failure)
        error = str(failure)
    finally:
        HISTORY.note_action(change, action, message, error, CLOCK.now())
        end()


def _send(change: Change, action: str) -> str:
    """Take an action; returns the message. Raises what the call does, and ValueError for a service of no such calls."""
    _arn, _partition, service, region, account, _name = action.split(":", 5)
    clients = connect_to(aws_access_key_id=account, region_name=region)
    if service == "sns":
        message = for_topic(change)
        sns = clients.sns.request_metadata(service_principal=TO_TOPICS, source_arn=change.alarm.arn)
        sns.publish(TopicArn=action, Subject=subject(change), Message=message)
    elif service == "lambda":
        message = for_function(change)
        lambda_ = clients.lambda_.request_metadata(service_principal=TO_FUNCTIONS, source_arn=change.alarm.arn)
        lambda_.invoke(FunctionName=action, InvocationType="Event", Payload=message)
    else:
        raise ValueError(f"actions of {service} are not emulated")
    return message
