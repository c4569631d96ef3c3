"""Messages of a queue: what a function gets of each, and which of them it has not done.

The event has the shape of the AWS developer guide, "Using Lambda with Amazon SQS".
"""

import json
from base64 import b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from wavetank.emulator.lambda_.mappings.stream.core.response import Answer, failed_items


@dataclass(frozen=True)
class Message:
    """A message that was received: `sent` and `received` in seconds since the epoch, `json` its part of the event.

    `copies`: how many times more it is to be handled before it is done.
    """

    id: str
    receipt: str
    body: str
    sent: float
    received: float
    json: str
    copies: int = 0


def from_raw(raw: Mapping[str, Any], queue_arn: str, now: float) -> Message:
    """A message as ReceiveMessage gave it."""
    attributes: dict[str, dict[str, Any]] = {}
    for name, value in (raw.get("MessageAttributes") or {}).items():
        attribute: dict[str, Any] = {}
        if "StringValue" in value:
            attribute["stringValue"] = value["StringValue"]
        if "BinaryValue" in value:
            attribute["binaryValue"] = b64encode(value["BinaryValue"]).decode()
        attributes[name] = attribute | {"stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
    record: dict[str, Any] = {
        "messageId": raw["MessageId"],
        "receiptHandle": raw["ReceiptHandle"],
        "body": raw["Body"],
        "attributes": raw["Attributes"],
        "messageAttributes": attributes,
        "md5OfBody": raw["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
    if raw.get("MD5OfMessageAttributes"):
        record["md5OfMessageAttributes"] = raw["MD5OfMessageAttributes"]
    sent = int(raw["Attributes"]["SentTimestamp"]) / 1000
    return Message(
        id=raw["MessageId"],
        receipt=raw["ReceiptHandle"],
        body=raw["Body"],
        sent=sent,
        received=now,
        json=json.dumps(record),
    )


def failures(answer: Answer, ids: Collection[str], reports_item_failures: bool) -> frozenset[str]:
    """The ids of the messages that are to come again.

    Source: AWS developer guide, "Handling errors for an SQS event source in Lambda". An ill-formed report fails the
    whole batch, an empty one nothing.
    """
    if answer.reply.function_error is not None:
        return frozenset(ids)
    if not reports_item_failures:
        return frozenset()
    try:
        failed = frozenset(failed_items(answer.payload))
    except (ValueError, RecursionError):
        return frozenset(ids)
    return failed if failed <= frozenset(ids) else frozenset(ids)
