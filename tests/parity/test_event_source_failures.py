"""Every failure path of a Kinesis mapping, seen from the function and from the on-failure destination."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.parity.event_source_kit import FINE, RAISES_ON_BAD, REPORTS_BAD, Fixture, answers, until
from wavetank.emulator.pending import Pending
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

REPORT = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


@pytest.fixture
def made(stack: EmbeddedStack, tmp_path: Path) -> Iterator[Fixture]:
    """A stream of one shard with room for a function and a mapping."""
    fixture = Fixture(stack, tmp_path)
    yield fixture
    fixture.remove()


@pytest.fixture
def queue(stack: EmbeddedStack, made: Fixture) -> Iterator[str]:
    """URL of a queue to be the on-failure destination."""
    url = stack.client("sqs").create_queue(QueueName=made.name)["QueueUrl"]
    yield url
    stack.client("sqs").delete_queue(QueueUrl=url)


def arn_of(stack: EmbeddedStack, queue: str) -> str:
    attributes = stack.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    return str(attributes["Attributes"]["QueueArn"])


def received(stack: EmbeddedStack, queue: str) -> list[dict[str, Any]]:
    answer = stack.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def on_failure(arn: str) -> dict[str, Any]:
    return {"DestinationConfig": {"OnFailure": {"Destination": arn}}}


@dataclass(frozen=True)
class Row:
    """Records put at once, and what then happens: batches in order, and (invocations, records) of each one lost."""

    respond: str
    settings: dict[str, Any]
    put: tuple[str, ...]
    batches: list[list[str]]
    lost: list[tuple[int, int]] = field(default_factory=list)


ABC = ("a", "bad", "c")
WHOLE = ["a", "bad", "c"]

TABLE = {
    "no failure": Row(FINE, {}, ABC, [WHOLE]),
    "an error without retries loses the batch": Row(RAISES_ON_BAD, {"MaximumRetryAttempts": 0}, ABC, [WHOLE], [(1, 3)]),
    "an error is retried so often, then the batch is lost": Row(
        RAISES_ON_BAD, {"MaximumRetryAttempts": 2}, ABC, [WHOLE] * 3, [(3, 3)]
    ),
    "what comes after a lost batch goes on": Row(
        RAISES_ON_BAD, {"MaximumRetryAttempts": 0, "BatchSize": 2}, ABC, [["a", "bad"], ["c"]], [(1, 2)]
    ),
    "bisect isolates the bad record": Row(
        RAISES_ON_BAD,
        {"MaximumRetryAttempts": 1, "BisectBatchOnFunctionError": True},
        ("a", "b", "bad", "d"),
        [["a", "b", "bad", "d"], ["a", "b"], ["bad", "d"], ["bad"], ["bad"], ["d"]],
        [(2, 1)],
    ),
    "a reported item is retried with all behind it, the count beginning anew": Row(
        REPORTS_BAD, REPORT | {"MaximumRetryAttempts": 1}, ABC, [WHOLE, ["bad", "c"], ["bad", "c"]], [(2, 2)]
    ),
    "of several reported items the first counts": Row(
        REPORTS_BAD,
        REPORT | {"MaximumRetryAttempts": 0},
        ("a", "bad", "b", "bad"),
        [["a", "bad", "b", "bad"], ["bad", "b", "bad"]],
        [(1, 3)],
    ),
    "report and bisect together lose the bad record only": Row(
        REPORTS_BAD,
        REPORT | {"MaximumRetryAttempts": 0, "BisectBatchOnFunctionError": True},
        ("a", "bad", "c", "d"),
        [["a", "bad", "c", "d"], ["bad", "c", "d"], ["bad"], ["c", "d"]],
        [(1, 1)],
    ),
    "an exception with reporting on is a whole failure": Row(
        RAISES_ON_BAD, REPORT | {"MaximumRetryAttempts": 0}, ABC, [WHOLE], [(1, 3)]
    ),
    "an ill-formed report is a whole failure": Row(
        answers({"batchItemFailures": [{"itemIdentifier": ""}]}),
        REPORT | {"MaximumRetryAttempts": 1},
        ("a", "b"),
        [["a", "b"], ["a", "b"]],
        [(2, 2)],
    ),
    "an empty report is success": Row(answers({"batchItemFailures": []}), REPORT, ("a", "b"), [["a", "b"]]),
    "a report that nobody asked for is success": Row(REPORTS_BAD, {}, ABC, [WHOLE]),
}


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
def test_each_failure_ends_as_documented(row: Row, made: Fixture, queue: str, stack: EmbeddedStack) -> None:
    made.function(row.respond)
    made.put(*row.put)
    made.map(**on_failure(arn_of(stack, queue)) | row.settings)
    stack.settle(30)
    assert made.got() == row.batches
    documents = received(stack, queue)
    counts = [(d["requestContext"]["approximateInvokeCount"], d["KinesisBatchInfo"]["batchSize"]) for d in documents]
    assert counts == row.lost


def test_the_document_in_a_queue_is_the_documented_one(made: Fixture, queue: str, stack: EmbeddedStack) -> None:
    arn = made.function(RAISES_ON_BAD)
    made.put("bad")
    made.map(MaximumRetryAttempts=0, **on_failure(arn_of(stack, queue)))
    stack.settle(30)
    (document,) = received(stack, queue)
    (record,) = made.noted()[0]["event"]["Records"]
    sequence = record["kinesis"]["sequenceNumber"]
    assert document["requestContext"].pop("requestId")
    assert document.pop("timestamp").endswith("Z")
    arrived = document["KinesisBatchInfo"].pop("approximateArrivalOfFirstRecord")
    assert document["KinesisBatchInfo"].pop("approximateArrivalOfLastRecord") == arrived
    assert document == {
        "requestContext": {
            "functionArn": arn,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 1,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "KinesisBatchInfo": {
            "shardId": "shardId-000000000000",
            "startSequenceNumber": sequence,
            "endSequenceNumber": sequence,
            "batchSize": 1,
            "streamArn": made.stream_arn,
        },
    }


def test_a_bucket_gets_the_whole_event_under_the_documented_key(made: Fixture, stack: EmbeddedStack) -> None:
    s3 = stack.client("s3")
    s3.create_bucket(Bucket=made.name)
    made.function(RAISES_ON_BAD)
    made.put("a", "bad")
    mapping = made.map(MaximumRetryAttempts=0, **on_failure(f"arn:aws:s3:::{made.name}"))
    stack.settle(30)
    (entry,) = s3.list_objects_v2(Bucket=made.name)["Contents"]
    document = json.loads(s3.get_object(Bucket=made.name, Key=entry["Key"])["Body"].read())
    at = document["timestamp"]
    day, second = at[:10].replace("-", "/"), at[:19].replace(":", ".")
    assert entry["Key"].startswith(f"aws/lambda/{mapping['UUID']}/shardId-000000000000/{day}/{second}-")
    assert json.loads(document["payload"]) == made.noted()[0]["event"]
    s3.delete_object(Bucket=made.name, Key=entry["Key"])
    s3.delete_bucket(Bucket=made.name)


def test_a_topic_gets_the_document_as_its_message(made: Fixture, queue: str, stack: EmbeddedStack) -> None:
    sns = stack.client("sns")
    topic = sns.create_topic(Name=made.name)["TopicArn"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn_of(stack, queue),
        Attributes={"RawMessageDelivery": "true"},
    )
    made.function(RAISES_ON_BAD)
    made.put("bad")
    made.map(MaximumRetryAttempts=0, **on_failure(topic))
    stack.settle(30)
    (document,) = received(stack, queue)
    assert document["requestContext"]["condition"] == "RetryAttemptsExhausted"
    sns.delete_topic(TopicArn=topic)


def test_records_too_old_are_lost_alone_and_never_invoked(made: Fixture, queue: str, stack: EmbeddedStack) -> None:
    made.function()
    made.put("old")
    stack.control.advance_clock(61)
    made.put("young")
    made.map(MaximumRecordAgeInSeconds=60, **on_failure(arn_of(stack, queue)))
    stack.settle(30)
    assert made.got() == [["young"]]
    (document,) = received(stack, queue)
    assert document["requestContext"]["condition"] == "RecordAgeExceeded"
    assert document["KinesisBatchInfo"]["batchSize"] == 1
    assert "responseContext" not in document


def test_a_failing_batch_ends_when_it_gets_too_old(made: Fixture, queue: str, stack: EmbeddedStack) -> None:
    made.function(RAISES_ON_BAD)
    made.put("bad")
    made.map(MaximumRecordAgeInSeconds=60, **on_failure(arn_of(stack, queue)))
    until(lambda: len(made.got()) >= 2)
    stack.control.advance_clock(60)
    stack.settle(30)
    (document,) = received(stack, queue)
    assert document["requestContext"]["condition"] == "RecordAgeExceeded"


def test_throttling_spends_no_retries(made: Fixture, queue: str, stack: EmbeddedStack) -> None:
    made.function()
    made.functions.put_function_concurrency(FunctionName=made.name, ReservedConcurrentExecutions=0)
    made.put("a")
    made.map(MaximumRetryAttempts=0, **on_failure(arn_of(stack, queue)))
    times = set[float | None]()

    def tried_twice() -> bool:
        times.update(item.until for item in waiting(stack))
        return len(times) > 2

    until(tried_twice)
    made.functions.delete_function_concurrency(FunctionName=made.name)
    stack.settle(30)
    assert made.got() == [["a"]]
    assert received(stack, queue) == []


def test_settle_tells_of_a_batch_that_is_retried_without_end(made: Fixture, stack: EmbeddedStack) -> None:
    made.function(RAISES_ON_BAD)
    made.put("a", "bad")
    made.map()
    until(lambda: len(made.got()) >= 2)
    batches = list[Pending]()

    def is_to_be_tried_again() -> bool:
        batches[:] = waiting(stack)
        return bool(batches)

    until(is_to_be_tried_again)
    [batch] = batches
    assert (batch.hop, batch.resource) == ("lambda.event-source", made.name)
    assert f"mapping {made.name} <- {made.name} shardId-000000000000: batch of 2, attempt" in batch.what
    assert "last error ValueError: a bad record" in batch.what


def test_a_successful_batch_struck_by_a_fault_is_delivered_again(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    match = {"stream": made.name}
    stack.control.add_fault({"point": "esm.batch", "action": "duplicate", "match": match, "when": {"nth": 1}})
    made.put("a", "b")
    made.map(BatchSize=1)
    stack.settle(30)
    stack.control.clear_faults()
    assert made.got() == [["a"], ["a"], ["b"]]


def waiting(stack: EmbeddedStack) -> list[Pending]:
    """What is in flight, and waits for emulator time."""
    return [item for item in stack.control.pending(0) if item.until is not None]
