"""Sent messages are counted by CloudWatch, as the SQS developer guide's "Available CloudWatch metrics" says."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

SETTLE_S = 20.0


@pytest.fixture(autouse=True)
def _in_use(stack: EmbeddedStack) -> None:
    """CloudWatch is in use, so that metrics are put."""
    stack.client("cloudwatch").list_metrics()


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


def test_the_age_of_the_oldest_message_is_told_until_it_was_often_received(stack: EmbeddedStack) -> None:
    sqs, cloudwatch, name = stack.client("sqs"), stack.client("cloudwatch"), f"metrics-{uuid.uuid4().hex[:8]}"
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "0"})["QueueUrl"]

    def ages() -> list[float]:
        """The ages that were told, in minutes; a jump of the clock measures before it, and at the next minute."""
        now = datetime.fromtimestamp(stack.control.now(), UTC)
        answer = cloudwatch.get_metric_statistics(
            Namespace="AWS/SQS",
            MetricName="ApproximateAgeOfOldestMessage",
            Dimensions=[{"Name": "QueueName", "Value": name}],
            StartTime=now - timedelta(hours=4),
            EndTime=now + timedelta(minutes=1),
            Period=60,
            Statistics=["Maximum"],
        )
        points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
        return [round(point["Maximum"] / 60) for point in points]

    stack.control.advance_clock(60)
    assert ages() == []
    sqs.send_message(QueueUrl=url, MessageBody="old")
    stack.control.advance_clock(3600)
    sqs.send_message(QueueUrl=url, MessageBody="new")
    stack.control.advance_clock(60)
    assert max(ages()) >= 60
    received = [sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] for _ in range(3)]
    assert received == ["old"] * 3
    stack.control.advance_clock(60)
    stack.control.advance_clock(60)
    assert ages()[-1] < 10
    sqs.delete_queue(QueueUrl=url)
