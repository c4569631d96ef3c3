"""Queues forget what is older than their retention, on the emulator's clock; dead letters by when they were sent."""

import json
import uuid
from typing import Any

import pytest

from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

DAY_S = 86_400


class Queues:
    """A queue whose messages are dead letters after being received once, and the queue of these."""

    def __init__(self, stack: EmbeddedStack, days: int, suffix: str = "") -> None:
        self.stack, self.sqs, name = stack, stack.client("sqs"), f"aging-{uuid.uuid4().hex[:8]}"
        fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if suffix else {}
        self.group = {"MessageGroupId": "g"} if suffix else {}
        kept = {"MessageRetentionPeriod": str(days * DAY_S), "VisibilityTimeout": "0", **fifo}
        self.dead = self.sqs.create_queue(QueueName=f"{name}-dead{suffix}", Attributes=kept)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
        long = {**kept, "MessageRetentionPeriod": str(14 * DAY_S), "RedrivePolicy": policy}
        self.url = self.sqs.create_queue(QueueName=name + suffix, Attributes=long)["QueueUrl"]

    def send(self, body: str) -> None:
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body, **self.group)

    def receive(self, url: str) -> list[str]:
        return [message["Body"] for message in self.received(url)]

    def received(self, url: str) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"])
        return list(answer.get("Messages", []))

    def count(self, url: str) -> int:
        name = "ApproximateNumberOfMessages"
        return int(self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def test_a_message_is_there_until_its_retention_is_over(stack: EmbeddedStack) -> None:
    queues = Queues(stack, days=1)
    queues.sqs.send_message(QueueUrl=queues.dead, MessageBody="a")
    stack.control.advance_clock(DAY_S - 60)
    assert queues.receive(queues.dead) == ["a"]
    stack.control.advance_clock(61)
    assert queues.receive(queues.dead) == []
    assert queues.count(queues.dead) == 0


def test_a_dead_letter_of_a_standard_queue_is_as_old_as_the_message_was(stack: EmbeddedStack) -> None:
    queues = Queues(stack, days=4)
    queues.send("a")
    stack.control.advance_clock(3 * DAY_S)
    assert queues.receive(queues.url) == ["a"]
    assert queues.receive(queues.url) == []
    assert queues.count(queues.dead) == 1
    stack.control.advance_clock(DAY_S - 60)
    assert queues.count(queues.dead) == 1
    stack.control.advance_clock(61)
    assert queues.count(queues.dead) == 0


def test_a_message_that_is_older_than_dead_letters_are_kept_is_gone_when_it_becomes_one(stack: EmbeddedStack) -> None:
    queues = Queues(stack, days=1)
    queues.send("old")
    stack.control.advance_clock(2 * DAY_S)
    queues.send("new")
    assert sorted(queues.receive(queues.url)) == ["new", "old"]
    assert queues.receive(queues.url) == []
    assert queues.receive(queues.dead) == ["new"]


def test_a_dead_letter_of_a_fifo_queue_is_as_old_as_its_stay_there(stack: EmbeddedStack) -> None:
    queues = Queues(stack, days=4, suffix=".fifo")
    queues.send("a")
    stack.control.advance_clock(3 * DAY_S)
    assert queues.receive(queues.url) == ["a"]
    assert queues.receive(queues.url) == []
    stack.control.advance_clock(2 * DAY_S)
    assert queues.count(queues.dead) == 1
    stack.control.advance_clock(2 * DAY_S + 1)
    assert queues.count(queues.dead) == 0


def test_a_message_that_is_moved_back_is_new(stack: EmbeddedStack) -> None:
    queues = Queues(stack, days=14)
    queues.send("a")
    stack.control.advance_clock(10 * DAY_S)
    assert queues.receive(queues.url) == ["a"]
    assert queues.receive(queues.url) == []
    arn = queues.sqs.get_queue_attributes(QueueUrl=queues.dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    queues.sqs.start_message_move_task(SourceArn=arn)
    stack.settle()
    _until_moved(queues)
    stack.control.advance_clock(10 * DAY_S)
    assert queues.count(queues.url) == 1
    stack.control.advance_clock(4 * DAY_S + 1)
    assert queues.count(queues.url) == 0


def _until_moved(queues: Queues) -> None:
    from tests.waiting import until

    assert until(lambda: queues.count(queues.url) == 1)
