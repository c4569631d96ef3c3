"""Faults on streams, their mappings, delivery streams and schedules: each shows at the next hop and in the log."""

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.parity.event_source_kit import Fixture, until
from tests.parity.firehose_setup import Hose
from wavetank.emulator.stack.clients import REGION
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

SETTLE_S = 30.0
LONG_S = 600.0
THROTTLED = "ProvisionedThroughputExceededException"


@pytest.fixture
def stream(stack: EmbeddedStack) -> Iterator[str]:
    kinesis, name = stack.client("kinesis"), f"faults-{uuid.uuid4().hex[:8]}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    until(
        lambda: kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE"
    )
    yield name
    stack.control.clear_faults()
    kinesis.delete_stream(StreamName=name)


@pytest.fixture
def made(stack: EmbeddedStack, tmp_path: Path) -> Iterator[Fixture]:
    fixture = Fixture(stack, tmp_path)
    yield fixture
    stack.control.clear_faults()
    fixture.remove()


@pytest.fixture
def hose(stack: EmbeddedStack) -> Iterator[Hose]:
    made = Hose.new(stack)
    yield made
    stack.control.clear_faults()
    stack.client("firehose").delete_delivery_stream(DeliveryStreamName=made.name)


def once(stack: EmbeddedStack, service: str) -> Any:
    """A client that does not try again."""
    return boto3.client(
        service,  # type: ignore[call-overload]
        REGION,
        endpoint_url=stack.endpoint_url,
        config=Config(retries={"total_max_attempts": 1}),
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def activity(stack: EmbeddedStack, fault_id: str) -> list[dict[str, Any]]:
    """The firings of a fault, also of one that is gone."""
    return [firing for firing in stack.control.activity() if firing["fault"] == fault_id]


def put(stack: EmbeddedStack, stream: str, *texts: str) -> Any:
    records: Any = [{"Data": text.encode(), "PartitionKey": text} for text in texts]
    return stack.client("kinesis").put_records(StreamName=stream, Records=records)


def total(stack: EmbeddedStack, stream: str, metric: str) -> float:
    """The sum of a metric of a stream over the last minutes."""
    now = stack.control.now()
    points = stack.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Kinesis",
        MetricName=metric,
        Dimensions=[{"Name": "StreamName", "Value": stream}],
        StartTime=now - 600,
        EndTime=now + 60,
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))


def read(stack: EmbeddedStack, stream: str) -> list[str]:
    """What is in the stream, of every shard, oldest first."""
    kinesis, found = stack.client("kinesis"), []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        where = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )
        found += kinesis.get_records(ShardIterator=where["ShardIterator"])["Records"]
    return [record["Data"].decode() for record in found]


@pytest.mark.fault("kinesis.put", "throttle")
def test_some_records_of_a_batch_are_throttled_as_a_shard_throttles_them(stack: EmbeddedStack, stream: str) -> None:
    with stack.faults.throttle("kinesis.put", match={"stream": stream, "content": "*b*"}) as fault:
        answer = put(stack, stream, "a1", "b1", "a2", "b2")
        assert [firing["target"]["key"] for firing in fault.firings()] == ["b1", "b2"]
    assert answer["FailedRecordCount"] == 2
    message = f"Rate exceeded for shard shardId-000000000000 in stream {stream} under account 000000000000."
    failed = {"ErrorCode": THROTTLED, "ErrorMessage": message}
    assert [answer["Records"][place] for place in (1, 3)] == [failed, failed]
    assert set(answer["Records"][0]) == {"SequenceNumber", "ShardId"}
    assert read(stack, stream) == ["a1", "a2"]


@pytest.mark.fault("kinesis.put", "throttle-all", "fail")
def test_a_whole_batch_is_throttled_and_a_record_fails_for_no_reason(stack: EmbeddedStack, stream: str) -> None:
    with stack.faults.throttle_all("kinesis.put", match={"stream": stream}, nth=2):
        answer = put(stack, stream, "a", "b", "c")
    assert [record["ErrorCode"] for record in answer["Records"]] == [THROTTLED] * 3
    with stack.faults.fail("kinesis.put", match={"stream": stream}, nth=2) as fault:
        answer = put(stack, stream, "a", "b", "c")
        assert len(fault.firings()) == 1
    assert answer["Records"][1] == {"ErrorCode": "InternalFailure", "ErrorMessage": "Internal service failure."}
    assert (answer["FailedRecordCount"], read(stack, stream)) == (1, ["a", "c"])


@pytest.mark.fault("kinesis.put", "throttle")
def test_a_throttled_put_record_is_an_exception_that_boto3_knows(stack: EmbeddedStack, stream: str) -> None:
    kinesis = once(stack, "kinesis")
    with (
        stack.faults.throttle("kinesis.put", match={"stream": stream}) as fault,
        pytest.raises(kinesis.exceptions.ProvisionedThroughputExceededException) as refusal,
    ):
        kinesis.put_record(StreamName=stream, Data=b"x", PartitionKey="k")
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert len(activity(stack, fault.id)) == 1


@pytest.mark.fault("kinesis.get", "expired-iterator", "throttle", "delay")
def test_reads_that_fail_look_real_and_the_next_reads_go_on(stack: EmbeddedStack, stream: str) -> None:
    kinesis, match = stack.client("kinesis"), {"stream": stream, "reader": "client"}
    put(stack, stream, "a")
    with (
        stack.faults.set("kinesis.get", "expired-iterator", match=match, count=1),
        pytest.raises(kinesis.exceptions.ExpiredIteratorException, match=r"Iterator expired\. The iterator was"),
    ):
        read(stack, stream)
    with stack.faults.throttle("kinesis.get", match=match, count=1) as fault:
        assert read(stack, stream) == ["a"]
        assert len(fault.firings()) == 1
    with stack.faults.delay("kinesis.get", match=match, delay_s=LONG_S) as fault, ThreadPoolExecutor() as pool:
        waiting = pool.submit(read, stack, stream)
        until(lambda: bool(fault.firings()))
        stack.control.advance_clock(LONG_S)
        assert waiting.result() == ["a"]


@pytest.mark.fault("kinesis.put", "throttle", "fail")
@pytest.mark.fault("kinesis.get", "throttle")
def test_what_is_refused_is_counted_as_a_full_shard_counts_it(stack: EmbeddedStack, stream: str) -> None:
    """Kinesis Data Streams developer guide, "Monitoring the Amazon Kinesis Data Streams service with CloudWatch"."""
    stack.client("cloudwatch").list_metrics()
    with (
        stack.faults.throttle("kinesis.put", match={"stream": stream, "content": "b*"}),
        stack.faults.fail("kinesis.put", match={"stream": stream, "content": "c*"}),
        stack.faults.throttle("kinesis.get", match={"stream": stream}, count=2) as fault,
    ):
        put(stack, stream, "a1", "b1", "a2", "b2", "c1")
        read(stack, stream)
        assert len(fault.firings()) == 2
    stack.settle(SETTLE_S)
    expected = {
        "WriteProvisionedThroughputExceeded": 2,
        "ReadProvisionedThroughputExceeded": 2,
        "PutRecords.ThrottledRecords": 2,
        "PutRecords.FailedRecords": 1,
        "PutRecords.SuccessfulRecords": 2,
        "PutRecords.TotalRecords": 5,
    }
    assert {metric: total(stack, stream, metric) for metric in expected} == expected


@pytest.mark.fault("kinesis.get", "short")
def test_an_empty_page_has_data_behind_it_and_the_next_one_gives_them(stack: EmbeddedStack, stream: str) -> None:
    kinesis, match = stack.client("kinesis"), {"stream": stream, "reader": "client"}
    put(stack, stream, "a", "b", "c")
    shards = [shard["ShardId"] for shard in kinesis.list_shards(StreamName=stream)["Shards"]]
    place = {"StreamName": stream, "ShardIteratorType": "TRIM_HORIZON"}
    with stack.faults.short("kinesis.get", match=match, count=len(shards)):
        empty = [
            kinesis.get_records(ShardIterator=kinesis.get_shard_iterator(ShardId=shard, **place)["ShardIterator"])
            for shard in shards
        ]
    assert [page["Records"] for page in empty] == [[]] * len(shards)
    read_on = [kinesis.get_records(ShardIterator=page["NextShardIterator"]) for page in empty]
    assert [page["MillisBehindLatest"] > 0 for page in empty] == [bool(page["Records"]) for page in read_on]
    assert sorted(record["Data"] for page in read_on for record in page["Records"]) == [b"a", b"b", b"c"]
    with stack.faults.short("kinesis.get", match=match, records=1) as fault:
        assert len(read(stack, stream)) == len(fault.firings()) <= len(shards)


@pytest.mark.fault("kinesis.get", "short")
def test_a_mapping_goes_on_behind_pages_that_give_nothing(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    match = {"stream": made.name, "reader": "event-source"}
    with stack.faults.short("kinesis.get", match=match, every=2) as fault:
        made.map()
        for texts in (("a", "b"), ("c",), ("d", "e")):
            made.put(*texts)
            stack.settle(SETTLE_S)
        assert fault.firings()
    assert sorted(text for batch in made.got() for text in batch) == ["a", "b", "c", "d", "e"]


@pytest.mark.fault("kinesis.get", "short")
@pytest.mark.parametrize("records", [0, 1])
def test_a_delivery_stream_goes_on_behind_short_pages(
    hose: Hose, stack: EmbeddedStack, stream: str, records: int
) -> None:
    arn = stack.client("kinesis").describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    hose.create(arn)
    match = {"stream": stream, "reader": "firehose"}
    with stack.faults.short("kinesis.get", match=match, count=3, records=records) as fault:
        put(stack, stream, "a", "b", "c")
        assert sorted(b"".join(item.body for item in hose.settled())) == list(b"abc")
        assert fault.firings()


@pytest.mark.fault("kinesis.get", "reshard", "expired-iterator")
def test_a_mapping_loses_nothing_when_its_shard_is_split_and_its_iterator_expires(
    made: Fixture, stack: EmbeddedStack
) -> None:
    made.function()
    match = {"stream": made.name, "reader": "event-source"}
    with (
        stack.faults.reshard("kinesis.get", match=match, nth=1) as split,
        stack.faults.expired_iterator("kinesis.get", match=match, nth=[3, 5]) as expired,
    ):
        made.put("a", "b")
        made.map()
        stack.settle(SETTLE_S)
        made.put("c", "d")
        stack.settle(SETTLE_S)
        made.put("e")
        stack.settle(SETTLE_S)
        assert len(split.firings()) == 1
        assert expired.firings()
    assert len(made.shard_ids()) == 2
    assert sorted(text for batch in made.got() for text in batch) == ["a", "b", "c", "d", "e"]


def test_a_delivery_stream_loses_nothing_when_its_iterator_expires(
    hose: Hose, stack: EmbeddedStack, stream: str
) -> None:
    arn = stack.client("kinesis").describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    hose.create(arn)
    with stack.faults.expired_iterator("kinesis.get", match={"stream": stream, "reader": "firehose"}, count=1) as fault:
        put(stack, stream, "a", "b")
        assert [item.body for item in hose.settled()] == [b"ab"]
        assert len(fault.firings()) == 1


@pytest.mark.fault("esm.batch", "delay", "duplicate")
def test_a_batch_comes_late_and_again(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.map()
    with stack.faults.delay("esm.batch", match={"stream": made.name, "content": "*slow*"}, delay_s=LONG_S) as late:
        made.put("slow")
        until(lambda: bool(late.firings()))
        assert made.got() == []
        stack.control.advance_clock(LONG_S)
        stack.settle(SETTLE_S)
    with stack.faults.duplicate("esm.batch", match={"function": made.name}, copies=2):
        made.put("twice more")
        stack.settle(SETTLE_S)
    assert made.got() == [["slow"], *([["twice more"]] * 3)]


@pytest.mark.fault("firehose.buffer", "split")
def test_a_buffer_is_cut_behind_a_record(hose: Hose, stack: EmbeddedStack) -> None:
    hose.create()
    with stack.faults.split("firehose.buffer", match={"delivery_stream": hose.name, "content": "b*"}) as fault:
        hose.put(b"a1", b"b1", b"a2")
        bodies = sorted(item.body for item in hose.settled())
        assert len(fault.firings()) == 1
    assert bodies == [b"a1b1", b"a2"]


@pytest.mark.fault("firehose.delivery", "fail", "duplicate", "error-output")
def test_a_chunk_fails_then_lands_lands_twice_or_under_the_error_prefix(hose: Hose, stack: EmbeddedStack) -> None:
    hose.create(ErrorOutputPrefix="errors/")
    match = {"delivery_stream": hose.name}
    with stack.faults.fail("firehose.delivery", match=match, count=2) as fault:
        hose.put(b"one")
        assert [item.body for item in hose.settled()] == [b"one"]
        assert len(fault.firings()) == 2
    with stack.faults.duplicate("firehose.delivery", match=match):
        hose.put(b"two")
        assert sorted(item.body for item in hose.settled()) == [b"one", b"two", b"two"]
    with stack.faults.error_output("firehose.delivery", match=match):
        hose.put(b"three")
        aside = [item for item in hose.settled() if item.key.startswith("errors/processing-failed/")]
    assert json.loads(aside[0].body)["rawData"] == "dGhyZWU="


@pytest.mark.fault("schedule.tick", "drop", "duplicate", "overlap")
def test_a_tick_is_missed_doubled_or_runs_twice_at_once(stack: EmbeddedStack) -> None:
    name = f"tick-{uuid.uuid4().hex[:8]}"
    sqs, events = stack.client("sqs"), stack.client("events")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=name, ScheduleExpression="rate(1 day)", State="DISABLED")
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    runs = []
    for action in ("drop", "duplicate", "overlap"):
        with stack.faults.set("schedule.tick", action, match={"rule": name}) as fault:
            stack.control.tick(name)
            assert len(fault.firings()) == 1
        stack.settle(SETTLE_S)
        runs.append(int(_drained(sqs, url)))
    stack.control.tick(name)
    assert ([*runs, _drained(sqs, url)]) == [0, 2, 2, 1]
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)


def _drained(sqs: Any, url: str) -> int:
    number = 0
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        number += len(messages)
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return number
