"""The target of a schedule: a templated target, told by its ARN, or any operation of a service (a universal target).

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets.html
"""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore import xform_name
from localstack.aws.connect import connect_to

from wavetank.emulator.runtime.json_text import parsed
from wavetank.emulator.stack.environment import SERVICES

UNIVERSAL = "aws-sdk"


@dataclass(frozen=True)
class Call:
    """An invocation of a schedule's target, due at `at` (seconds since the epoch); `attempt` counts from 1."""

    schedule_arn: str
    target: Mapping[str, Any]
    at: float
    execution_id: str
    attempt: int = 1

    def payload(self) -> str:
        """The input, with the context attributes filled in; AWS's own event where the schedule has none."""
        given = self.target.get("Input")
        if given is None:
            _arn, _partition, _service, region, account, _name = self.schedule_arn.split(":", 5)
            event = {
                "version": "0",
                "id": str(uuid.UUID(self.execution_id)),
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "account": account,
                "time": self.time,
                "region": region,
                "resources": [self.schedule_arn],
                "detail": "{}",
            }
            return json.dumps(event)
        for name, value in (
            ("schedule-arn", self.schedule_arn),
            ("scheduled-time", self.time),
            ("execution-id", self.execution_id),
            ("attempt-number", str(self.attempt)),
        ):
            given = given.replace(f"<aws.scheduler.{name}>", value)
        return str(given)

    @property
    def time(self) -> str:
        """When it is due, as AWS writes it."""
        return datetime.fromtimestamp(self.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


type Send = Callable[[Any, Mapping[str, Any], str], object]
"""Calls a target through its service's client, with the target and the payload."""


SENDS: Mapping[str, Send] = {
    "lambda": lambda client, target, payload: client.invoke(
        FunctionName=target["Arn"], InvocationType="Event", Payload=payload
    ),
    "sqs": lambda client, target, payload: client.send_message(
        QueueUrl=client.get_queue_url(QueueName=target["Arn"].rpartition(":")[2])["QueueUrl"],
        MessageBody=payload,
        **target.get("SqsParameters", {}),
    ),
    "sns": lambda client, target, payload: client.publish(TopicArn=target["Arn"], Message=payload),
    "kinesis": lambda client, target, payload: client.put_record(
        StreamARN=target["Arn"], Data=payload.encode(), **target.get("KinesisParameters", {})
    ),
    "firehose": lambda client, target, payload: client.put_record(
        DeliveryStreamName=target["Arn"].rpartition("/")[2], Record={"Data": payload.encode()}
    ),
    "events": lambda client, target, payload: client.put_events(
        Entries=[{**target.get("EventBridgeParameters", {}), "EventBusName": target["Arn"], "Detail": payload}]
    ),
    "states": lambda client, target, payload: client.start_execution(stateMachineArn=target["Arn"], input=payload),
}
CLIENTS = {"lambda": "lambda_", "states": "stepfunctions"}


def refusal(target: Mapping[str, Any]) -> str:
    """Why a target cannot be called here; empty when it can."""
    service, _region, _account, name = _parts(str(target.get("Arn", "")))
    if service == "scheduler":
        kind, _, action = name.partition(":")
        called, _, operation = action.partition(":")
        if kind != UNIVERSAL or not operation:
            return "a universal target is arn:aws:scheduler:::aws-sdk:service:apiAction"
        return "" if called in SERVICES else f"{called} is not offered; there are: {', '.join(SERVICES)}"
    if service not in SENDS:
        return f"targets of {service or 'no service'} are not supported; there are: {', '.join(sorted(SENDS))}"
    if service == "kinesis" and not target.get("KinesisParameters", {}).get("PartitionKey"):
        return "a stream needs KinesisParameters with a PartitionKey"
    if service == "events" and not target.get("EventBridgeParameters"):
        return "an event bus needs EventBridgeParameters"
    return ""


def send(call: Call) -> None:
    """Call the target once. Raises botocore's errors, and ValueError for an input that its operation does not take."""
    _arn, _partition, _service, home, owner, _name = call.schedule_arn.split(":", 5)
    service, region, account, name = _parts(call.target["Arn"])
    clients = connect_to(aws_access_key_id=account or owner, region_name=region or home)
    if service == "scheduler":
        _kind, called, operation = name.split(":")
        client = getattr(clients, CLIENTS.get(called, called))
        getattr(client, xform_name(operation[0].upper() + operation[1:]))(**parsed(call.payload()))
        return
    SENDS[service](getattr(clients, CLIENTS.get(service, service)), call.target, call.payload())


def _parts(arn: str) -> tuple[str, str, str, str]:
    """Service, region, account and name of an ARN; empty where it is none."""
    parts = arn.split(":", 5)
    return (parts[2], parts[3], parts[4], parts[5]) if len(parts) == 6 and parts[0] == "arn" else ("", "", "", "")
