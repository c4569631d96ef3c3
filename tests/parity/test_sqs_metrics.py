"""Sent messages are counted by CloudWatch, as the SQS developer guide's "Available CloudWatch metrics" says."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

SETTLE_S = 20.0


def test_messages_that_are_sent_are_counted_and_measured(stack: EmbeddedStack) -> None:
    sqs, cloudwatch, name = stack.client("sqs"), stack.client("cloudwatch"), f"metrics-{uuid.uuid4().hex[:8]}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    for body in ("a", "bb", "bb"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    stack.settle(SETTLE_S)
    now = datetime.fromtimestamp(stack.control.now(), UTC)

    def total(metric: str) -> float:
        answer = cloudwatch.get_metric_statistics(
            Namespace="AWS/SQS",
            MetricName=metric,
            Dimensions=[{"Name": "QueueName", "Value": name}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=1),
            Period=60,
            Statistics=["Sum"],
        )
        return float(sum(point["Sum"] for point in answer["Datapoints"]))

    assert total("NumberOfMessagesSent") == 3
    assert total("SentMessageSize") == 5
    sqs.delete_queue(QueueUrl=url)
