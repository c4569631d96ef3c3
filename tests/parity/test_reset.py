"""A reset lets go of all data in well under a second; what is deployed goes on as if nothing had been put."""

import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parity.event_source_kit import RAISES_ON_BAD, Fixture, until
from tests.parity.firehose_setup import Hose
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

SETTLE_S = 30.0
AT_MOST_S = 1.0


@pytest.fixture
def made(stack: EmbeddedStack, tmp_path: Path) -> Iterator[Fixture]:
    fixture = Fixture(stack, tmp_path)
    yield fixture
    fixture.remove()


def test_everything_on_its_way_is_gone_and_what_comes_later_arrives(made: Fixture, stack: EmbeddedStack) -> None:
    made.function(RAISES_ON_BAD)
    made.map(BatchSize=1)
    hose = Hose.new(stack).create(made.stream_arn)
    made.put("good")
    until(lambda: made.got() == [["good"]])
    made.put("bad", "behind it")
    until(lambda: len(made.got()) >= 3)
    with stack.faults.set("kinesis.put", "fail", match={"stream": "another"}):
        assert stack.control.faults() != []
        began = time.monotonic()
        stack.control.reset()
        took = time.monotonic() - began
    stack.settle(SETTLE_S)
    assert hose.objects() == []
    assert stack.control.faults() == []
    assert stack.control.activity() == []
    shard = made.shard_ids()[0]
    where = made.kinesis.get_shard_iterator(StreamName=made.name, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    assert made.kinesis.get_records(ShardIterator=where["ShardIterator"])["Records"] == []
    delivered = len(made.got())
    made.put("after")
    stack.settle(SETTLE_S)
    assert made.got()[delivered:] == [["after"]]
    assert [item.body for item in hose.objects()] == [b"after"]
    assert took < AT_MOST_S
    stack.client("firehose").delete_delivery_stream(DeliveryStreamName=hose.name)


def test_queues_are_emptied_and_other_buckets_stay(stack: EmbeddedStack) -> None:
    name = f"reset-{uuid.uuid4().hex[:8]}"
    sqs, s3 = stack.client("sqs"), stack.client("s3")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="m")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="code.zip", Body=b"zip")
    stack.control.reset()
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert s3.get_object(Bucket=name, Key="code.zip")["Body"].read() == b"zip"


def test_a_bucket_of_data_can_be_written_and_read_after_a_reset(stack: EmbeddedStack) -> None:
    hose = Hose.new(stack).create()
    s3 = stack.client("s3")
    s3.put_object(Bucket=hose.name, Key="part", Body=b"before", Tagging="state=done")
    stack.control.reset()
    assert hose.objects() == []
    s3.put_object(Bucket=hose.name, Key="part", Body=b"after")
    assert s3.get_object_tagging(Bucket=hose.name, Key="part")["TagSet"] == []
    assert [item.body for item in hose.objects()] == [b"after"]
    stack.client("firehose").delete_delivery_stream(DeliveryStreamName=hose.name)


def test_the_same_seed_strikes_the_same_chunks_in_the_next_run(stack: EmbeddedStack) -> None:
    hose, runs = Hose(stack, "same-seed"), list[list[str]]()
    hose.create_bucket()
    hose.create()
    s3 = stack.client("s3")
    topic = stack.client("sns").create_topic(Name=hose.name)["TopicArn"]
    configuration = {"TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket=hose.name, NotificationConfiguration=configuration)
    match = {"bucket": hose.name, "key": "p/*"}
    for _ in range(2):
        with stack.faults.drop("s3.notification", match=match, probability=0.5, seed=3) as fault:
            with stack.faults.split("firehose.buffer", match={"delivery_stream": hose.name}):
                hose.put(*(f"{n}".encode() for n in range(12)))
                stack.settle(SETTLE_S)
            runs.append([firing["identity"] for firing in fault.firings()])
        stack.control.reset()
    assert runs[0] == runs[1]
    assert 2 < len(runs[0]) < 10
    assert all("*" in identity for identity in runs[0])
    stack.client("firehose").delete_delivery_stream(DeliveryStreamName=hose.name)
