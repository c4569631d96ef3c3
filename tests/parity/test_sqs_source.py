"""SQS to Lambda as AWS documents it: batches, concurrency, failures, visibility, and what settle says of it."""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from tests.parity.event_source_kit import until
from tests.parity.queue_source_kit import (
    FINE,
    GATED,
    MAPPING,
    QUEUE,
    RAISES_AT_FIRST,
    RAISES_ON_BAD,
    REPORT,
    REPORTS_BAD,
    SETTLE_S,
    VISIBILITY_S,
    Fixture,
    answers,
)
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

PROMPT_S = 1.0
IDLE_S = 1.0
IDLE_CPU = 0.1


@pytest.fixture
def made(stack: EmbeddedStack, tmp_path: Path) -> Iterator[Fixture]:
    """A queue with room for a function and a mapping."""
    fixture = Fixture(stack, tmp_path)
    yield fixture
    fixture.remove()


@pytest.fixture
def fifo(stack: EmbeddedStack, tmp_path: Path) -> Iterator[Fixture]:
    """A FIFO queue with room for a function and a mapping."""
    fixture = Fixture(stack, tmp_path, suffix=".fifo")
    yield fixture
    fixture.remove()


def test_a_message_reaches_an_idle_function_without_a_wait_for_polls(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.map()
    made.send("warm")
    stack.settle(SETTLE_S)
    began = time.monotonic()
    made.send("m")
    stack.settle(SETTLE_S)
    assert time.monotonic() - began < PROMPT_S
    assert made.got() == [["warm"], ["m"]]
    assert made.counts() == (0, 0)


def test_what_was_sent_before_the_mapping_is_delivered(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.send("a", "b")
    made.map()
    stack.settle(SETTLE_S)
    assert made.got() == [["a", "b"]]


def test_the_event_is_the_documented_one(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.map()
    made.send("m", MessageAttributes={"kind": {"DataType": "String", "StringValue": "click"}})
    stack.settle(SETTLE_S)
    [[record]] = [event["Records"] for event in made.events()]
    attributes = record.pop("attributes")
    assert record.pop("messageId")
    assert record.pop("receiptHandle")
    assert record.pop("md5OfMessageAttributes")
    assert record == {
        "body": "m",
        "messageAttributes": {
            "kind": {"stringValue": "click", "stringListValues": [], "binaryListValues": [], "dataType": "String"}
        },
        "md5OfBody": hashlib.md5(b"m", usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": made.arn,
        "awsRegion": "us-east-1",
    }
    assert attributes["ApproximateReceiveCount"] == "1"
    assert int(attributes["SentTimestamp"]) <= int(attributes["ApproximateFirstReceiveTimestamp"])
    assert attributes["SenderId"]


def test_batches_have_the_size_that_was_asked_for(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.send(*"abcde")
    made.map(BatchSize=2)
    stack.settle(SETTLE_S)
    assert sorted(map(len, made.got())) == [1, 2, 2]
    assert sorted(body for got in made.got() for body in got) == list("abcde")


def test_a_batching_window_waits_for_a_full_batch(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.map(BatchSize=20, MaximumBatchingWindowInSeconds=20)
    made.send(*"abcdefghij")
    until(lambda: made.counts() == (0, 10))
    assert made.got() == []
    made.send(*"klmnopqrst")
    until(lambda: made.got() == [list("abcdefghijklmnopqrst")])
    stack.settle(SETTLE_S)


def test_a_batching_window_closes_when_emulator_time_has_passed(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.map(MaximumBatchingWindowInSeconds=20)
    made.send("m")
    until(lambda: made.counts() == (0, 1))
    assert made.got() == []
    stack.control.advance_clock(20)
    until(lambda: made.got() == [["m"]])


@pytest.mark.parametrize(("settings", "most"), [({}, 5), ({"ScalingConfig": {"MaximumConcurrency": 2}}, 2)])
def test_so_many_batches_are_under_way_at_once(
    made: Fixture, stack: EmbeddedStack, settings: dict[str, Any], most: int
) -> None:
    made.gate.touch()
    made.function(GATED)
    made.map(BatchSize=1, **settings)
    made.send(*"abcdefgh")
    until(lambda: len(made.got()) == most)
    until(lambda: made.counts() == (8 - most, most))
    assert len(made.got()) == most
    made.gate.unlink()
    stack.settle(SETTLE_S)
    assert sorted(made.got()) == [[body] for body in "abcdefgh"]
    assert made.counts() == (0, 0)


def test_a_failed_batch_comes_again_after_its_visibility_timeout(made: Fixture, stack: EmbeddedStack) -> None:
    made.function(RAISES_AT_FIRST)
    made.map()
    made.send("a", "b")
    made.become_visible()
    stack.settle(SETTLE_S)
    assert made.got() == [["a", "b"], ["a", "b"]]
    assert made.counts() == (0, 0)
    counts = [event["Records"][0]["attributes"]["ApproximateReceiveCount"] for event in made.events()]
    assert counts == ["1", "2"]


def test_settle_says_when_a_failed_message_comes_back(made: Fixture, stack: EmbeddedStack) -> None:
    made.function(RAISES_ON_BAD)
    made.map()
    made.send("bad")
    until(made.hidden)
    [hidden] = made.waiting()
    assert (hidden.hop, hidden.resource, hidden.by_fault) == (QUEUE, made.name, False)
    assert hidden.until == pytest.approx(stack.control.now() + VISIBILITY_S, abs=10)


def test_reported_messages_alone_come_again(made: Fixture, stack: EmbeddedStack) -> None:
    made.function(REPORTS_BAD)
    made.redrive(2)
    made.map(**REPORT)
    made.send("a", "bad", "c")
    made.become_visible()
    until(lambda: len(made.got()) == 2)
    made.become_visible()
    stack.settle(SETTLE_S)
    assert made.got() == [["a", "bad", "c"], ["bad"]]
    assert made.counts() == (0, 0)
    assert made.dead() == ["bad"]


ILL_FORMED = [
    {"batchItemFailures": [{"itemIdentifier": ""}]},
    {"batchItemFailures": [{"itemIdentifier": None}]},
    {"batchItemFailures": [{"wrong": "key"}]},
    {"batchItemFailures": [{"itemIdentifier": "of no message"}]},
    "no report",
]


@pytest.mark.parametrize("answer", ILL_FORMED, ids=str)
def test_an_ill_formed_report_fails_the_whole_batch(made: Fixture, stack: EmbeddedStack, answer: object) -> None:
    made.function(answers(answer))
    made.redrive(1)
    made.map(**REPORT)
    made.send("a", "b")
    made.become_visible()
    stack.settle(SETTLE_S)
    assert made.got() == [["a", "b"]]
    assert made.dead() == ["a", "b"]


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}], ids=str)
def test_an_empty_report_is_success(made: Fixture, stack: EmbeddedStack, answer: object) -> None:
    made.function(answers(answer))
    made.map(**REPORT)
    made.send("a", "b")
    stack.settle(SETTLE_S)
    assert made.got() == [["a", "b"]]
    assert made.counts() == (0, 0)


def test_a_report_that_nobody_asked_for_is_success(made: Fixture, stack: EmbeddedStack) -> None:
    made.function(REPORTS_BAD)
    made.map()
    made.send("a", "bad")
    stack.settle(SETTLE_S)
    assert made.counts() == (0, 0)


def test_a_message_received_too_often_goes_to_the_dead_letter_queue(made: Fixture, stack: EmbeddedStack) -> None:
    made.function(RAISES_ON_BAD)
    made.redrive(3)
    made.map(BatchSize=1)
    made.send("bad", "good")
    until(lambda: made.got().count(["bad"]) == 1)
    made.become_visible()
    until(lambda: made.got().count(["bad"]) == 2)
    made.become_visible()
    until(lambda: made.got().count(["bad"]) == 3)
    made.become_visible()
    stack.settle(SETTLE_S)
    assert sorted(made.got()) == [["bad"], ["bad"], ["bad"], ["good"]]
    assert made.counts() == (0, 0)
    assert made.dead() == ["bad"]


def test_messages_that_the_filters_drop_are_deleted(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.map(FilterCriteria={"Filters": [{"Pattern": '{"body": {"kind": ["click"]}}'}]})
    made.send('{"kind":  "click"}', '{"kind": "impression"}', "text", "[1]")
    stack.settle(SETTLE_S)
    assert made.got() == [['{"kind":  "click"}']]
    assert made.counts() == (0, 0)


def test_a_throttled_batch_is_tried_again_and_not_received_again(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.redrive(1)
    made.functions.put_function_concurrency(FunctionName=made.name, ReservedConcurrentExecutions=0)
    made.map()
    made.send("m")
    until(lambda: made.counts() == (0, 1))
    made.functions.delete_function_concurrency(FunctionName=made.name)
    stack.settle(SETTLE_S)
    assert made.got() == [["m"]]
    assert made.dead() == []


def test_a_batch_throttled_for_too_long_goes_back_to_its_queue(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.redrive(1)
    made.functions.put_function_concurrency(FunctionName=made.name, ReservedConcurrentExecutions=0)
    made.map()
    made.send("m")
    until(lambda: made.counts() == (0, 1))
    stack.control.advance_clock(VISIBILITY_S)
    stack.settle(SETTLE_S)
    assert made.got() == []
    assert made.dead() == ["m"]


def test_a_disabled_mapping_leaves_messages_where_they_are(made: Fixture, stack: EmbeddedStack) -> None:
    made.gate.touch()
    made.function(GATED)
    mapping = made.map(BatchSize=1)
    made.send("first")
    until(lambda: made.got() == [["first"]])
    made.functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    made.send("second")
    assert (MAPPING, made.name) in {(item.hop, item.resource) for item in made.pending()}
    made.gate.unlink()
    stack.settle(SETTLE_S)
    until(lambda: made.state() == "Disabled")
    assert made.counts() == (1, 0)
    made.functions.update_event_source_mapping(UUID=mapping, Enabled=True)
    stack.settle(SETTLE_S)
    assert made.got() == [["first"], ["second"]]


def test_a_deleted_mapping_ends_its_batch_and_leaves_the_rest(made: Fixture, stack: EmbeddedStack) -> None:
    made.gate.touch()
    made.function(GATED)
    mapping = made.map(BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    made.send("a", "b", "c")
    until(lambda: len(made.got()) == 2)
    made.functions.delete_event_source_mapping(UUID=mapping)
    made.gate.unlink()
    stack.settle(SETTLE_S)
    assert made.counts() == (1, 0)
    assert len([note for note in made.noted() if "ended" in note]) == 2


def test_an_updated_mapping_goes_on_with_its_new_settings(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    mapping = made.map(BatchSize=1)
    made.functions.update_event_source_mapping(UUID=mapping, BatchSize=10)
    until(lambda: made.state() == "Enabled")
    made.send("a", "b", "c")
    stack.settle(SETTLE_S)
    assert made.got() == [["a", "b", "c"]]


def test_a_delayed_message_arrives_when_emulator_time_has_passed(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.map()
    made.send("m", DelaySeconds=600)
    [delayed] = made.waiting()
    assert (delayed.hop, delayed.resource) == (QUEUE, made.name)
    assert delayed.until == pytest.approx(stack.control.now() + 600, abs=10)
    stack.control.advance_clock(600)
    stack.settle(SETTLE_S)
    assert made.got() == [["m"]]


def test_time_that_passes_is_seen_at_once_by_whoever_reads_a_queue(made: Fixture, stack: EmbeddedStack) -> None:
    made.send("m")
    for _ in range(10):
        assert len(made.sqs.receive_message(QueueUrl=made.url)["Messages"]) == 1
        assert "Messages" not in made.sqs.receive_message(QueueUrl=made.url)
        stack.control.advance_clock(VISIBILITY_S)
    assert made.counts() == (1, 0)
    stack.settle(SETTLE_S)


def test_a_message_is_kept_for_the_retention_period_and_no_longer(made: Fixture, stack: EmbeddedStack) -> None:
    made.sqs.set_queue_attributes(QueueUrl=made.url, Attributes={"MessageRetentionPeriod": "3600"})
    made.send("m")
    stack.control.advance_clock(3590)
    assert made.counts() == (1, 0)
    stack.control.advance_clock(10)
    assert made.counts() == (0, 0)


def test_a_reset_empties_the_queue_and_what_failed_does_not_come_back(made: Fixture, stack: EmbeddedStack) -> None:
    made.function(RAISES_ON_BAD)
    made.map(BatchSize=1)
    made.send("bad", "bad")
    until(lambda: len(made.got()) == 2)
    stack.control.reset()
    stack.settle(SETTLE_S)
    stack.control.advance_clock(VISIBILITY_S)
    stack.settle(SETTLE_S)
    assert len(made.got()) == 2
    made.send("after")
    stack.settle(SETTLE_S)
    assert made.got()[2:] == [["after"]]


@pytest.mark.parametrize("settings", [{"MaximumBatchingWindowInSeconds": 20}, {}], ids=["in a window", "throttled"])
def test_a_reset_forgets_what_was_received_and_not_delivered(
    made: Fixture, stack: EmbeddedStack, settings: dict[str, Any]
) -> None:
    made.function()
    if not settings:
        made.functions.put_function_concurrency(FunctionName=made.name, ReservedConcurrentExecutions=0)
    made.map(**settings)
    made.send("m")
    until(lambda: made.counts() == (0, 1))
    stack.control.reset()
    stack.settle(SETTLE_S)
    made.functions.delete_function_concurrency(FunctionName=made.name)
    made.send("after")
    stack.settle(SETTLE_S)
    assert made.got() == [["after"]]


def test_a_queue_that_is_made_again_is_read_again(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.map()
    made.sqs.delete_queue(QueueUrl=made.url)
    stack.settle(SETTLE_S)
    made.sqs.create_queue(QueueName=made.name)
    made.send("m")
    stack.settle(SETTLE_S)
    assert made.got() == [["m"]]


def test_a_fifo_queue_is_read_in_the_order_of_each_group(fifo: Fixture, stack: EmbeddedStack) -> None:
    fifo.function(FINE)
    fifo.map(BatchSize=2)
    for n in range(6):
        group = "even" if n % 2 == 0 else "odd"
        fifo.sqs.send_message(
            QueueUrl=fifo.url, MessageBody=str(n), MessageGroupId=group, MessageDeduplicationId=str(n)
        )
    stack.settle(SETTLE_S)
    bodies = [body for got in fifo.got() for body in got]
    assert [body for body in bodies if int(body) % 2 == 0] == ["0", "2", "4"]
    assert [body for body in bodies if int(body) % 2 == 1] == ["1", "3", "5"]


def test_an_idle_mapping_costs_no_processor_time(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.map()
    made.send("m")
    stack.settle(SETTLE_S)
    process = psutil.Process(stack.control.status()["pid"])
    before = sum(process.cpu_times()[:2])
    time.sleep(IDLE_S)
    assert sum(process.cpu_times()[:2]) - before < IDLE_CPU


REFUSED = [
    ({"BatchSize": 10_001, "MaximumBatchingWindowInSeconds": 1}, "at 'batchSize' failed to satisfy constraint"),
    ({"BatchSize": 11}, "Maximum batch window in seconds must be greater than 0"),
    ({"MaximumBatchingWindowInSeconds": 301}, "at 'maximumBatchingWindowInSeconds' failed to satisfy constraint"),
    ({"ScalingConfig": {"MaximumConcurrency": 1001}}, "at 'maximumConcurrency' failed to satisfy constraint"),
]


@pytest.mark.parametrize(("settings", "message"), REFUSED)
def test_settings_out_of_range_are_refused(made: Fixture, settings: dict[str, Any], message: str) -> None:
    made.function()
    with pytest.raises(ClientError) as refusal:
        made.map(**settings)
    assert message in str(refusal.value)


def test_a_function_may_not_take_longer_than_its_messages_are_hidden(made: Fixture) -> None:
    made.function(Timeout=VISIBILITY_S + 1)
    with pytest.raises(ClientError) as refusal:
        made.map()
    assert "Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds" in str(refusal.value)
    assert refusal.value.response["Error"]["Code"] == "InvalidParameterValueException"
