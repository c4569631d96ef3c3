"""CloudWatch has the metrics that Firehose, Lambda and SNS report of themselves, in the emulator's time."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.parity.firehose_setup import Hose, until
from tests.parity.lambda_kit import GATED, Deploy, Held, invoke
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

SETTLE_S = 30.0
MINUTE_S = 60

Read = Callable[..., dict[float, float]]


@pytest.fixture
def read(stack: EmbeddedStack) -> Read:
    """The values of a metric of the last hours, by the start of their minutes."""

    def values(namespace: str, name: str, statistic: str = "Sum", **dimensions: str) -> dict[float, float]:
        now = stack.control.now() // MINUTE_S * MINUTE_S
        points = stack.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=datetime.fromtimestamp(now - 6 * 3600, UTC),
            EndTime=datetime.fromtimestamp(now + MINUTE_S, UTC),
            Period=MINUTE_S,
            Statistics=[statistic],
        )["Datapoints"]
        return {
            point["Timestamp"].timestamp(): point[statistic] for point in sorted(points, key=lambda p: p["Timestamp"])
        }

    # In use, so that metrics are put.
    stack.client("cloudwatch").list_metrics()
    return values


@pytest.fixture
def hose(stack: EmbeddedStack) -> Iterator[Hose]:
    made = Hose.new(stack)
    yield made
    stack.control.clear_faults()
    stack.client("firehose").delete_delivery_stream(DeliveryStreamName=made.name)


def test_a_delivery_stream_counts_what_it_takes_and_delivers(stack: EmbeddedStack, hose: Hose, read: Read) -> None:
    hose.create().put(b"one", b"three")
    stack.settle(SETTLE_S)
    totals = {
        name: sum(read("AWS/Firehose", name, DeliveryStreamName=hose.name).values())
        for name in (
            "IncomingRecords",
            "IncomingBytes",
            *(f"DeliveryToS3.{n}" for n in ("Records", "Bytes", "Success")),
        )
    }
    assert totals == {
        "IncomingRecords": 2,
        "IncomingBytes": 8,
        "DeliveryToS3.Records": 2,
        "DeliveryToS3.Bytes": 8,
        "DeliveryToS3.Success": 1,
    }
    ages = read("AWS/Firehose", "DeliveryToS3.DataFreshness", "Maximum", DeliveryStreamName=hose.name)
    assert 0 <= min(ages.values()) <= max(ages.values()) < SETTLE_S


def test_a_delivery_stream_with_a_source_counts_what_it_reads(stack: EmbeddedStack, hose: Hose, read: Read) -> None:
    kinesis = stack.client("kinesis")
    kinesis.create_stream(StreamName=hose.name, ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName=hose.name)["StreamDescriptionSummary"]["StreamARN"]
    hose.create(source_arn=arn)
    kinesis.put_record(StreamName=hose.name, Data=b"abc", PartitionKey="a")
    stack.settle(SETTLE_S)
    assert sum(read("AWS/Firehose", "DataReadFromKinesisStream.Records", DeliveryStreamName=hose.name).values()) == 1
    assert sum(read("AWS/Firehose", "DataReadFromKinesisStream.Bytes", DeliveryStreamName=hose.name).values()) == 3
    kinesis.delete_stream(StreamName=hose.name)


def test_data_become_less_fresh_with_each_minute_in_which_their_delivery_fails(
    stack: EmbeddedStack, hose: Hose, read: Read
) -> None:
    hose.create().put(b"late")
    with stack.faults.fail("firehose.delivery", match={"delivery_stream": hose.name}):
        stack.control.advance_clock(1000)
        until(
            lambda: 0 in read("AWS/Firehose", "DeliveryToS3.Success", "Minimum", DeliveryStreamName=hose.name).values()
        )
        stack.control.advance_clock(10 * MINUTE_S)
        wanted = 10

        def ages() -> list[float]:
            return list(
                read("AWS/Firehose", "DeliveryToS3.DataFreshness", "Maximum", DeliveryStreamName=hose.name).values()
            )

        until(lambda: len(ages()) >= wanted)
        failing = ages()
    assert failing == sorted(failing)
    assert 1000 + 8 * MINUTE_S < failing[-1] < 1000 + 13 * MINUTE_S
    stack.control.clear_faults()
    stack.control.advance_clock(MINUTE_S)
    stack.settle(SETTLE_S)
    stack.control.advance_clock(10 * MINUTE_S)
    stack.settle(SETTLE_S)
    assert ages()[-1] >= failing[-1]
    assert len(ages()) <= len(failing) + 3


def test_an_invocation_has_a_duration_and_a_concurrency(
    stack: EmbeddedStack, deploy: Deploy, read: Read, tmp_path: Path
) -> None:
    name = deploy(GATED)
    held = [Held(stack, name, tmp_path / gate) for gate in ("one", "two")]
    for each in held:
        each.release()
    stack.settle(SETTLE_S)
    durations = read("AWS/Lambda", "Duration", "SampleCount", FunctionName=name)
    assert sum(durations.values()) == 2
    assert min(read("AWS/Lambda", "Duration", "Minimum", FunctionName=name).values()) > 0
    assert max(read("AWS/Lambda", "ConcurrentExecutions", "Maximum", FunctionName=name).values()) == 2
    assert max(read("AWS/Lambda", "ConcurrentExecutions", "Maximum").values()) >= 2


def test_the_duration_of_an_invocation_is_that_of_its_report(stack: EmbeddedStack, deploy: Deploy, read: Read) -> None:
    name = deploy("def handler(event, context): return event")
    invoke(stack, name, 1)
    stack.settle(SETTLE_S)
    events = stack.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="REPORT")[
        "events"
    ]
    [reported] = [float(event["message"].split("Duration: ")[1].split()[0]) for event in events]
    assert list(read("AWS/Lambda", "Duration", "Maximum", FunctionName=name).values()) == [reported]


def test_an_event_that_does_not_reach_its_dead_letter_queue_is_counted(
    stack: EmbeddedStack, deploy: Deploy, read: Read
) -> None:
    queue = "arn:aws:sqs:us-east-1:000000000000:not-there"
    name = deploy("def handler(event, context): raise ValueError", DeadLetterConfig={"TargetArn": queue})
    stack.client("lambda").put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    stack.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")
    stack.settle(SETTLE_S)
    assert sum(read("AWS/Lambda", "DeadLetterErrors", FunctionName=name).values()) == 1


def test_messages_of_a_topic_are_counted_when_they_are_published_delivered_and_failed(
    stack: EmbeddedStack, read: Read
) -> None:
    sns, sqs, name = stack.client("sns"), stack.client("sqs"), f"metrics-{uuid.uuid4().hex[:8]}"
    topic = sns.create_topic(Name=name)["TopicArn"]
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="somebody@example.com")
    sns.publish(TopicArn=topic, Message="äö")
    sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[{"Id": n, "Message": n} for n in ("a", "b")])
    stack.settle(SETTLE_S)

    def totals() -> list[float]:
        names = ("MessagesPublished", "NotificationsDelivered", "NotificationsFailed")
        return [sum(read("AWS/SNS", f"NumberOf{each}", TopicName=name).values()) for each in names]

    assert totals() == [3, 6, 0]
    assert sum(read("AWS/SNS", "PublishSize", TopicName=name).values()) == 6
    sqs.delete_queue(QueueUrl=url)
    sns.publish(TopicArn=topic, Message=json.dumps({"default": "lost"}))
    stack.settle(SETTLE_S)
    assert totals() == [4, 7, 1]
    sns.delete_topic(TopicArn=topic)
