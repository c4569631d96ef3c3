"""EventBridge's rules with a schedule tick on the emulator's clock, while they are enabled, once each time."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

HOUR_S = 3_600.0
ARN = "arn:aws:sqs:us-east-1:000000000000:{}"

type Rule = Callable[..., str]
type Ticks = Callable[[], list[datetime]]


@pytest.fixture
def queue(stack: EmbeddedStack) -> str:
    """The URL of a new queue."""
    return str(stack.client("sqs").create_queue(QueueName=f"ticks-{uuid.uuid4().hex[:8]}")["QueueUrl"])


@pytest.fixture
def rule(stack: EmbeddedStack, queue: str) -> Iterator[Rule]:
    """Makes a rule of an expression, whose target is the queue; returns its name. It is deleted after the test."""
    events, names = stack.client("events"), []

    def make(expression: str, **more: Any) -> str:
        name = f"rule-{uuid.uuid4().hex[:8]}"
        events.put_rule(Name=name, ScheduleExpression=expression, **more)
        names.append(name)
        events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": ARN.format(queue.rpartition("/")[2])}])
        return name

    yield make
    for name in names:
        events.remove_targets(Rule=name, Ids=["queue"])
        events.delete_rule(Name=name)


@pytest.fixture
def ticks(stack: EmbeddedStack, queue: str) -> Ticks:
    """The times of the scheduled events that the queue has got since the last look, once nothing is in flight."""
    sqs = stack.client("sqs")

    def look() -> list[datetime]:
        stack.settle()
        times = []
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                event = json.loads(message["Body"])
                assert event["detail-type"] == "Scheduled Event"
                times.append(datetime.fromisoformat(event["time"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return sorted(times)

    return look


def test_a_rate_ticks_one_interval_after_it_was_made_and_then_as_often_as_time_passes(
    stack: EmbeddedStack, rule: Rule, ticks: Ticks
) -> None:
    made = stack.control.now()
    rule("rate(15 minutes)")
    assert ticks() == []
    stack.control.advance_clock(HOUR_S + 60)
    times = [time.timestamp() - made for time in ticks()]
    assert times == pytest.approx([900, 1800, 2700, 3600], abs=30)


def test_a_cron_rule_ticks_at_its_minute_of_every_hour_and_says_so(
    stack: EmbeddedStack, rule: Rule, ticks: Ticks
) -> None:
    rule("cron(5 * * * ? *)")
    stack.control.advance_clock(5 * HOUR_S)
    now = datetime.fromtimestamp(stack.control.now(), UTC)
    times = ticks()
    assert len(times) == 5
    assert {(time.minute, time.second) for time in times} == {(5, 0)}
    assert 0 <= (now - times[-1]).total_seconds() < HOUR_S + 5


def test_a_disabled_rule_ticks_by_hand_alone_and_an_enabled_one_only_from_then_on(
    stack: EmbeddedStack, rule: Rule, ticks: Ticks
) -> None:
    events, name = stack.client("events"), rule("rate(1 hour)", State="DISABLED")
    stack.control.advance_clock(3.5 * HOUR_S)
    assert ticks() == []
    stack.control.tick(name)
    (by_hand,) = ticks()
    assert abs(by_hand.timestamp() - stack.control.now()) < 60
    events.enable_rule(Name=name)
    stack.control.advance_clock(HOUR_S)
    assert len(ticks()) == 1
    events.disable_rule(Name=name)
    stack.control.advance_clock(2 * HOUR_S)
    assert ticks() == []


def test_targets_that_are_put_twice_are_called_once(stack: EmbeddedStack, rule: Rule, ticks: Ticks, queue: str) -> None:
    name = rule("rate(1 hour)")
    target = {"Id": "queue", "Arn": ARN.format(queue.rpartition("/")[2])}
    stack.client("events").put_targets(Rule=name, Targets=[target])
    stack.control.advance_clock(1.1 * HOUR_S)
    assert len(ticks()) == 1


def test_a_rule_that_is_put_again_has_its_new_schedule_and_state(
    stack: EmbeddedStack, rule: Rule, ticks: Ticks
) -> None:
    events, name = stack.client("events"), rule("rate(1 hour)")
    events.put_rule(Name=name, ScheduleExpression="rate(20 minutes)")
    stack.control.advance_clock(1.1 * HOUR_S)
    assert len(ticks()) == 3
    events.put_rule(Name=name, ScheduleExpression="rate(20 minutes)", State="DISABLED")
    stack.control.advance_clock(HOUR_S)
    assert ticks() == []


def test_a_rule_that_is_deleted_ticks_no_more(stack: EmbeddedStack, queue: str, ticks: Ticks) -> None:
    events, name = stack.client("events"), f"rule-{uuid.uuid4().hex[:8]}"
    events.put_rule(Name=name, ScheduleExpression="rate(1 hour)")
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": ARN.format(queue.rpartition("/")[2])}])
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)
    stack.control.advance_clock(3 * HOUR_S)
    assert ticks() == []


@pytest.mark.parametrize("expression", ["rate(0 minutes)", "rate(1 hours)", "cron(0 0 1 * 1 *)", "cron(61 * * * ? *)"])
def test_a_schedule_that_aws_would_not_take_is_refused(stack: EmbeddedStack, expression: str) -> None:
    events, name = stack.client("events"), f"rule-{uuid.uuid4().hex[:8]}"
    with pytest.raises(ClientError, match="Parameter ScheduleExpression is not valid"):
        events.put_rule(Name=name, ScheduleExpression=expression)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        events.describe_rule(Name=name)
