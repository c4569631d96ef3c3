"""Firehose that reads a Kinesis stream: from the tip, through reshards and failures, nothing lost."""

import hashlib
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.parity.firehose_setup import ROLE, Hose, until
from tests.parity.test_firehose import refusal
from tests.unit.emulator.firehose.core.test_deaggregate import aggregate
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

HASH_SPACE = 2**128
ITERATOR_LIFE_S = 300.0


class Source:
    """A Kinesis stream and the delivery stream that reads it."""

    def __init__(self, stack: EmbeddedStack, shards: int) -> None:
        self.stack = stack
        self.name = f"source-{uuid.uuid4().hex[:8]}"
        self.kinesis: Any = stack.client("kinesis")
        self.create_stream(shards)
        summary = self.kinesis.describe_stream_summary(StreamName=self.name)["StreamDescriptionSummary"]
        self.arn: str = summary["StreamARN"]
        self.hose = Hose.new(stack)
        self.sent: list[bytes] = []

    def create_stream(self, shards: int) -> None:
        self.kinesis.create_stream(StreamName=self.name, ShardCount=shards)
        until(lambda: self.status() == "ACTIVE")

    def status(self) -> str:
        summary = self.kinesis.describe_stream_summary(StreamName=self.name)["StreamDescriptionSummary"]
        return str(summary["StreamStatus"])

    def open_shards(self) -> list[dict[str, Any]]:
        shards = self.kinesis.list_shards(StreamName=self.name)["Shards"]
        return [shard for shard in shards if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]

    def put(self, count: int) -> None:
        """Put so many new events, spread over the shards."""
        first = len(self.sent)
        new = [b"<%06d>" % number for number in range(first, first + count)]
        self.kinesis.put_records(
            StreamName=self.name,
            Records=[{"Data": data, "PartitionKey": str(number)} for number, data in enumerate(new)],
        )
        self.sent += new

    def landed(self) -> list[bytes]:
        """Every event that landed, in the order of the objects."""
        body = b"".join(item.body for item in self.hose.settled())
        assert len(body) % 8 == 0
        return [body[at : at + 8] for at in range(0, len(body), 8)]

    def assert_all_landed_once(self) -> None:
        assert sorted(self.landed()) == self.sent


@pytest.fixture
def source(stack: EmbeddedStack) -> Iterator[Source]:
    source = Source(stack, shards=2)
    yield source
    stack.control.clear_faults()
    if source.hose.name in source.hose.firehose.list_delivery_streams(Limit=10000)["DeliveryStreamNames"]:
        source.hose.firehose.delete_delivery_stream(DeliveryStreamName=source.hose.name)


def test_it_starts_at_the_tip_as_of_its_creation(source: Source) -> None:
    source.kinesis.put_record(StreamName=source.name, Data=b"<before>", PartitionKey="k")
    source.hose.create(source.arn)
    source.put(50)
    source.assert_all_landed_once()
    description = source.hose.describe()["Source"]["KinesisStreamSourceDescription"]
    assert description["KinesisStreamARN"] == source.arn
    assert "DeliveryStartTimestamp" in description


def test_one_buffer_takes_all_shards(source: Source) -> None:
    source.hose.create(source.arn)
    source.put(100)
    assert len(source.hose.settled()) == 1
    source.assert_all_landed_once()


def test_it_follows_splits_and_merges(source: Source) -> None:
    source.hose.create(source.arn)
    for _ in range(2):
        source.put(40)
        for shard in source.open_shards():
            low, high = (int(shard["HashKeyRange"][end]) for end in ("StartingHashKey", "EndingHashKey"))
            source.kinesis.split_shard(
                StreamName=source.name, ShardToSplit=shard["ShardId"], NewStartingHashKey=str((low + high) // 2)
            )
            until(lambda: source.status() == "ACTIVE")
            source.put(20)
    shards = sorted(source.open_shards(), key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))
    for left, right in zip(shards[::2], shards[1::2], strict=True):
        source.kinesis.merge_shards(
            StreamName=source.name, ShardToMerge=left["ShardId"], AdjacentShardToMerge=right["ShardId"]
        )
        until(lambda: source.status() == "ACTIVE")
        source.put(20)
    source.assert_all_landed_once()


def test_events_of_one_key_stay_in_order_through_a_split(source: Source) -> None:
    source.hose.create(source.arn)
    for number in range(60):
        data = b"<%06d>" % number
        source.kinesis.put_record(StreamName=source.name, Data=data, PartitionKey="same")
        source.sent.append(data)
        if number == 30:
            digest = int(hashlib.md5(b"same", usedforsecurity=False).hexdigest(), 16)
            (parent,) = [
                shard
                for shard in source.open_shards()
                if int(shard["HashKeyRange"]["StartingHashKey"])
                <= digest
                <= int(shard["HashKeyRange"]["EndingHashKey"])
            ]
            middle = (
                int(parent["HashKeyRange"]["StartingHashKey"]) + int(parent["HashKeyRange"]["EndingHashKey"])
            ) // 2
            source.kinesis.split_shard(
                StreamName=source.name, ShardToSplit=parent["ShardId"], NewStartingHashKey=str(middle)
            )
    assert source.landed() == source.sent


@pytest.mark.parametrize("puts_before", [0, 10])
def test_an_iterator_that_expired_costs_nothing(source: Source, puts_before: int) -> None:
    source.hose.create(source.arn)
    if puts_before:
        source.put(puts_before)
    source.assert_all_landed_once()
    for _ in range(3):
        source.stack.control.advance_clock(ITERATOR_LIFE_S + 60)
        source.put(20)
        source.assert_all_landed_once()


def test_reads_that_fail_are_done_again(source: Source) -> None:
    source.hose.create(source.arn)
    for when in ({"count": 3}, {"probability": 0.5, "count": 20}):
        for action in ("error-before", "error-after"):
            source.stack.control.add_fault(
                {
                    "point": "aws.call",
                    "action": action,
                    "match": {"service": "kinesis", "operation": "GetRecords", "resource": source.name},
                    "when": when,
                }
            )
        source.put(50)
    source.assert_all_landed_once()


@pytest.mark.parametrize("shards", [1, 2])
def test_a_stream_that_is_deleted_and_made_again_is_read_from_its_beginning(source: Source, shards: int) -> None:
    source.hose.create(source.arn)
    source.put(10)
    source.assert_all_landed_once()
    source.kinesis.delete_stream(StreamName=source.name, EnforceConsumerDeletion=True)
    until(lambda: source.name not in source.kinesis.list_streams(Limit=10000)["StreamNames"])
    source.hose.settled()
    source.create_stream(shards)
    source.put(30)
    source.stack.control.advance_clock(10)
    source.assert_all_landed_once()


def test_what_the_kpl_aggregated_is_taken_apart(source: Source) -> None:
    source.hose.create(source.arn)
    packed = aggregate([("a", b"<000000>"), ("b", b"<000001>")])
    source.kinesis.put_record(StreamName=source.name, Data=packed, PartitionKey="k")
    assert source.landed() == [b"<000000>", b"<000001>"]


def test_direct_puts_are_refused(source: Source) -> None:
    source.hose.create(source.arn)
    put = source.hose.firehose.put_record
    assert refusal(put, DeliveryStreamName=source.hose.name, Record={"Data": b"a"}) == (
        "InvalidArgumentException",
        "This operation is not permitted on KinesisStreamAsSource delivery stream type.",
    )


def test_a_source_that_does_not_exist_is_refused(source: Source) -> None:
    code, text = refusal(source.hose.create, source_arn=source.arn + "-not")
    assert code == "InvalidArgumentException"
    assert f"{source.name}-not" in text


def test_a_delivery_struck_by_the_fault_duplicate_lands_under_two_keys(source: Source) -> None:
    source.hose.create(source.arn)
    match = {"delivery_stream": source.hose.name, "bucket": source.hose.name, "key": "p/*"}
    source.stack.control.add_fault({"point": "firehose.delivery", "action": "duplicate", "match": match})
    source.put(10)
    first, second = source.hose.settled()
    assert first.body == second.body
    assert len(first.body) == 80
    assert first.key != second.key
    (firing,) = [
        item for item in source.stack.control.activity() if item["target"].get("delivery_stream") == source.hose.name
    ]
    assert firing["point"] == "firehose.delivery"
    assert firing["target"]["key"] in (first.key, second.key)


def test_an_answer_that_got_lost_after_the_object_was_written_leads_to_the_same_object(source: Source) -> None:
    source.hose.create(source.arn)
    source.stack.control.add_fault(
        {
            "point": "aws.call",
            "action": "error-after",
            "match": {"service": "s3", "operation": "PutObject", "resource": source.hose.name},
            "when": {"count": 1},
        }
    )
    source.put(10)
    source.assert_all_landed_once()


def test_what_is_refused_for_its_encryption_is_not_created(source: Source) -> None:
    create = source.hose.firehose.create_delivery_stream
    code, _ = refusal(
        create,
        DeliveryStreamName=source.hose.name,
        DeliveryStreamType="KinesisStreamAsSource",
        KinesisStreamSourceConfiguration={"KinesisStreamARN": source.arn, "RoleARN": ROLE},
        ExtendedS3DestinationConfiguration=source.hose.config(),
        DeliveryStreamEncryptionConfigurationInput={"KeyType": "AWS_OWNED_CMK"},
    )
    assert code == "InvalidArgumentException"
    assert source.hose.name not in source.hose.firehose.list_delivery_streams(Limit=10000)["DeliveryStreamNames"]
    source.hose.create(source.arn)


def test_a_source_that_is_slow_to_open_keeps_the_name_and_holds_up_no_other(source: Source) -> None:
    other = Hose.new(source.stack).create()
    match = {"service": "kinesis", "operation": "ListShards"}
    delay = {"point": "aws.call", "action": "delay", "match": match, "when": {"count": 1}, "parameters": {"delay_s": 5}}
    source.stack.control.add_fault(delay)
    creating = threading.Thread(target=source.hose.create, args=(source.arn,))
    creating.start()
    until(lambda: source.stack.control.faults()[0]["fired"] == 1)
    other.firehose.delete_delivery_stream(DeliveryStreamName=other.name)
    assert refusal(source.hose.create, source_arn=source.arn)[0] == "ResourceInUseException"
    assert creating.is_alive()
    creating.join()
    assert source.hose.describe()["DeliveryStreamStatus"] == "ACTIVE"
