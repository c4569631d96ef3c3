"""Schedules fire on the emulator's clock, at their targets, with retries, a dead-letter queue and faults."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.parity.lambda_kit import ROLE, Deploy
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

HOUR_S = 3_600
OFF = {"Mode": "OFF"}
QUEUE = "arn:aws:sqs:us-east-1:000000000000:{}"

type Schedule = Callable[..., str]
type Arrived = Callable[[], list[str]]


@pytest.fixture
def schedule(stack: EmbeddedStack) -> Iterator[Schedule]:
    """Makes a schedule of an expression and a target; returns its name. It is deleted after the test."""
    scheduler, names = stack.client("scheduler"), []

    def make(expression: str, target: dict[str, Any], **more: Any) -> str:
        name = f"schedule-{uuid.uuid4().hex[:8]}"
        scheduler.create_schedule(
            Name=name,
            ScheduleExpression=expression,
            FlexibleTimeWindow=OFF,
            Target={"RoleArn": ROLE, **target},
            **more,
        )
        names.append(name)
        return name

    yield make
    for name in names:
        if name in {it["Name"] for it in scheduler.list_schedules()["Schedules"]}:
            scheduler.delete_schedule(Name=name)


@pytest.fixture
def queue(stack: EmbeddedStack) -> str:
    """The URL of a new queue."""
    return str(stack.client("sqs").create_queue(QueueName=f"scheduled-{uuid.uuid4().hex[:8]}")["QueueUrl"])


@pytest.fixture
def arrived(stack: EmbeddedStack, queue: str) -> Arrived:
    """What the queue has got since the last look, once nothing is in flight."""

    def look() -> list[str]:
        stack.settle()
        bodies = []
        while messages := stack.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                bodies.append(message["Body"])
                stack.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    return look


def to_queue(queue: str, **more: Any) -> dict[str, Any]:
    return {"Arn": QUEUE.format(queue.rpartition("/")[2]), **more}


def now(stack: EmbeddedStack) -> datetime:
    return datetime.fromtimestamp(stack.control.advance_clock(0), UTC)


def test_a_rate_fires_at_once_and_as_often_as_time_passes(
    stack: EmbeddedStack, schedule: Schedule, queue: str, arrived: Arrived
) -> None:
    schedule("rate(20 minutes)", to_queue(queue, Input="tick"))
    assert arrived() == ["tick"]
    stack.control.advance_clock(HOUR_S)
    assert arrived() == ["tick"] * 3
    stack.control.advance_clock(600)
    assert arrived() == []


def test_without_an_input_the_event_says_which_schedule_and_when(
    stack: EmbeddedStack, schedule: Schedule, queue: str, arrived: Arrived
) -> None:
    at = now(stack).replace(microsecond=0)
    name = schedule("rate(1 hour)", to_queue(queue))
    (event,) = map(json.loads, arrived())
    assert event["resources"] == [f"arn:aws:scheduler:us-east-1:000000000000:schedule/default/{name}"]
    assert (event["source"], event["detail-type"], event["detail"]) == ("aws.scheduler", "Scheduled Event", "{}")
    assert 0 <= (datetime.fromisoformat(event["time"]) - at).total_seconds() < 60


def test_context_attributes_are_filled_in(
    stack: EmbeddedStack, schedule: Schedule, queue: str, arrived: Arrived
) -> None:
    form = "<aws.scheduler.schedule-arn> <aws.scheduler.attempt-number> <aws.scheduler.scheduled-time>"
    name = schedule("rate(1 hour)", to_queue(queue, Input=form))
    arn, attempt, time = arrived()[0].split(" ")
    assert (arn.rpartition("/")[2], attempt, time[-1]) == (name, "1", "Z")


def test_a_single_time_fires_once_and_can_end_its_schedule(
    stack: EmbeddedStack, schedule: Schedule, queue: str, arrived: Arrived
) -> None:
    at = datetime.fromtimestamp(now(stack).timestamp() + 600, UTC)
    name = schedule(f"at({at:%Y-%m-%dT%H:%M:%S})", to_queue(queue, Input="once"), ActionAfterCompletion="DELETE")
    assert arrived() == []
    stack.control.advance_clock(HOUR_S)
    assert arrived() == ["once"]
    assert name not in {it["Name"] for it in stack.client("scheduler").list_schedules()["Schedules"]}
    stack.control.advance_clock(HOUR_S)
    assert arrived() == []


def test_a_cron_expression_fires_in_its_time_zone(
    stack: EmbeddedStack, schedule: Schedule, queue: str, arrived: Arrived
) -> None:
    schedule(
        "cron(0 12 * * ? *)",
        to_queue(queue, Input="<aws.scheduler.scheduled-time>"),
        ScheduleExpressionTimezone="Asia/Tokyo",
    )
    stack.control.advance_clock(24 * HOUR_S)
    (time,) = arrived()
    assert time.endswith("T03:00:00Z")


def test_start_and_end_bound_a_schedule(stack: EmbeddedStack, schedule: Schedule, queue: str, arrived: Arrived) -> None:
    begins, ends = (datetime.fromtimestamp(now(stack).timestamp() + seconds, UTC) for seconds in (HOUR_S, 3 * HOUR_S))
    schedule("rate(1 hour)", to_queue(queue, Input="x"), StartDate=begins, EndDate=ends)
    assert arrived() == []
    stack.control.advance_clock(5 * HOUR_S)
    assert len(arrived()) == 2


def test_a_schedule_that_is_disabled_changed_or_deleted_fires_so(
    stack: EmbeddedStack, schedule: Schedule, queue: str, arrived: Arrived
) -> None:
    scheduler = stack.client("scheduler")
    name = schedule("rate(1 hour)", to_queue(queue, Input="old"), State="DISABLED")
    stack.control.advance_clock(HOUR_S)
    assert arrived() == []
    changed = {"Name": name, "FlexibleTimeWindow": OFF, "Target": {"RoleArn": ROLE, **to_queue(queue, Input="new")}}
    scheduler.update_schedule(ScheduleExpression="rate(30 minutes)", State="ENABLED", **changed)
    assert arrived() == ["new"]
    stack.control.advance_clock(HOUR_S)
    assert arrived() == ["new"] * 2
    scheduler.delete_schedule(Name=name)
    stack.control.advance_clock(HOUR_S)
    assert arrived() == []


def test_a_group_takes_its_schedules_with_it(stack: EmbeddedStack, queue: str, arrived: Arrived) -> None:
    scheduler = stack.client("scheduler")
    scheduler.create_schedule_group(Name="gone")
    scheduler.create_schedule(
        Name="in-group",
        GroupName="gone",
        ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow=OFF,
        Target={"RoleArn": ROLE, **to_queue(queue, Input="x")},
    )
    assert arrived() == ["x"]
    scheduler.delete_schedule_group(Name="gone")
    stack.control.advance_clock(HOUR_S)
    assert arrived() == []


def test_each_kind_of_target_is_called(
    stack: EmbeddedStack, schedule: Schedule, queue: str, arrived: Arrived, deploy: Deploy
) -> None:
    url = queue
    forward = (
        "import boto3\n"
        f"def handler(event, context): boto3.client('sqs').send_message(QueueUrl={url!r}, MessageBody=event['from'])\n"
    )
    function = stack.client("lambda").get_function(FunctionName=deploy(forward))["Configuration"]["FunctionArn"]
    topic = stack.client("sns").create_topic(Name=f"scheduled-{uuid.uuid4().hex[:8]}")["TopicArn"]
    raw = {"RawMessageDelivery": "true"}
    stack.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=to_queue(url)["Arn"], Attributes=raw)
    stream = f"scheduled-{uuid.uuid4().hex[:8]}"
    stack.client("kinesis").create_stream(StreamName=stream, ShardCount=1)
    stream_arn = f"arn:aws:kinesis:us-east-1:000000000000:stream/{stream}"
    message = {"QueueUrl": url, "MessageBody": "universal"}
    schedule("rate(1 hour)", {"Arn": function, "Input": '{"from": "lambda"}'})
    schedule("rate(1 hour)", {"Arn": topic, "Input": "sns"})
    schedule("rate(1 hour)", {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "Input": json.dumps(message)})
    schedule("rate(1 hour)", {"Arn": stream_arn, "Input": "k", "KinesisParameters": {"PartitionKey": "p"}})
    assert sorted(arrived()) == ["lambda", "sns", "universal"]
    shard = {"StreamName": stream, "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    iterator = stack.client("kinesis").get_shard_iterator(**shard)["ShardIterator"]
    records = stack.client("kinesis").get_records(ShardIterator=iterator)["Records"]
    assert [(it["Data"], it["PartitionKey"]) for it in records] == [(b"k", "p")]


def test_what_fails_is_tried_again_and_then_goes_to_the_dead_letter_queue(
    stack: EmbeddedStack, schedule: Schedule, queue: str
) -> None:
    target = {
        "Arn": QUEUE.format("there-is-none"),
        "Input": "lost",
        "RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 86_400},
        "DeadLetterConfig": {"Arn": to_queue(queue)["Arn"]},
    }
    at = datetime.fromtimestamp(now(stack).timestamp() + 60, UTC)
    schedule(f"at({at:%Y-%m-%dT%H:%M:%S})", target)
    stack.control.advance_clock(120)
    for _ in range(2):
        stack.control.advance_clock(HOUR_S / 4)
    received = {"QueueUrl": queue, "MessageAttributeNames": ["All"], "WaitTimeSeconds": 10}
    (message,) = stack.client("sqs").receive_message(**received)["Messages"]
    attributes = {name: it["StringValue"] for name, it in message["MessageAttributes"].items()}
    assert (message["Body"], attributes["RETRY_ATTEMPTS"]) == ("lost", "2")
    assert attributes["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"
    stack.settle()


def test_faults_and_ticks_of_rules_are_those_of_schedules_too(
    stack: EmbeddedStack, schedule: Schedule, queue: str, arrived: Arrived
) -> None:
    name = schedule("rate(1 hour)", to_queue(queue, Input="x"))
    assert arrived() == ["x"]
    with stack.faults.drop("schedule.tick", match={"rule": name}):
        stack.control.advance_clock(HOUR_S)
        assert arrived() == []
    stack.control.tick(name)
    assert arrived() == ["x"]


@pytest.mark.parametrize(
    ("expression", "target", "reason"),
    [
        ("rate(1 minutes)", {"Arn": QUEUE.format("q")}, "the unit is singular after 1"),
        ("cron(0 0 * * * *)", {"Arn": QUEUE.format("q")}, "one of day-of-month and day-of-week"),
        ("rate(1 hour)", {"Arn": "arn:aws:ecs:us-east-1:000000000000:cluster/c"}, "targets of ecs are not supported"),
        ("rate(1 hour)", {"Arn": "arn:aws:scheduler:::aws-sdk:dynamodb:putItem"}, "dynamodb is not offered"),
        ("rate(1 hour)", {"Arn": "arn:aws:kinesis:us-east-1:000000000000:stream/s"}, "PartitionKey"),
    ],
)
def test_what_could_not_be_fired_is_refused_when_it_is_made(
    stack: EmbeddedStack, schedule: Schedule, expression: str, target: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ClientError, match=reason) as refusal:
        schedule(expression, target)
    assert refusal.value.response["Error"]["Code"] == "ValidationException"


def test_a_group_that_is_not_there_is_told(stack: EmbeddedStack, schedule: Schedule, queue: str) -> None:
    with pytest.raises(stack.client("scheduler").exceptions.ResourceNotFoundException):
        schedule("rate(1 hour)", to_queue(queue), GroupName="nowhere")
