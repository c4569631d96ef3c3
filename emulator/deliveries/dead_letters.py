"""The dead-letter queue (or topic) of a function: where an asynchronous event goes that could not be processed.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq
"""

from dataclasses import dataclass
from typing import Any

from localstack.aws.connect import connect_to
from localstack.utils.aws import arns

MAX_ERROR_MESSAGE = 1024
"""Bytes of the error message that are kept."""


@dataclass(frozen=True)
class DeadLetter:
    """An event that is given up: the event itself, its request, and the last error."""

    request_id: str
    event: str
    error: str


def send(letter: DeadLetter, target_arn: str, role_arn: str) -> None:
    """Send it to an SQS queue or an SNS topic, with the attributes that AWS gives it.

    Raises ValueError for another target, and botocore's errors.
    """
    attributes = {
        "RequestID": {"DataType": "String", "StringValue": letter.request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": "200"},
        "ErrorMessage": {"DataType": "String", "StringValue": _cut(letter.error)},
    }
    clients: Any = connect_to.with_assumed_role(
        role_arn=role_arn, service_principal="lambda", region_name=arns.extract_region_from_arn(target_arn)
    )
    match arns.extract_service_from_arn(target_arn):
        case "sqs":
            url = arns.sqs_queue_url_for_arn(target_arn)
            clients.sqs.send_message(QueueUrl=url, MessageBody=letter.event, MessageAttributes=attributes)
        case "sns":
            clients.sns.publish(TopicArn=target_arn, Message=letter.event, MessageAttributes=attributes)
        case other:
            raise ValueError(f"a dead letter goes to SQS or SNS, not to {other}")


def _cut(text: str) -> str:
    """The first bytes of it; an attribute may not be empty."""
    return text.encode()[:MAX_ERROR_MESSAGE].decode(errors="ignore") or "Unknown"
