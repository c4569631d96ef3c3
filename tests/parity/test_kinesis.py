"""Kinesis over HTTP, as boto3, a CBOR client and CloudFormation use it."""

import json
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import cbor2
import pytest
import requests

from tests.aws_cbor import decoded
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

CBOR = "application/x-amz-cbor-1.1"
DEADLINE_S = 30
STATE = "/_wavetank/kinesis/state"


@pytest.fixture
def kinesis(stack: EmbeddedStack) -> Any:
    """boto3's client."""
    return stack.client("kinesis")


@pytest.fixture
def name(kinesis: Any) -> Iterator[str]:
    """A stream of one shard."""
    stream = f"kinesis-{uuid.uuid4().hex[:8]}"
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    yield stream
    kinesis.delete_stream(StreamName=stream, EnforceConsumerDeletion=True)


def iterator(kinesis: Any, name: str, kind: str = "TRIM_HORIZON", **more: Any) -> str:
    shard = kinesis.list_shards(StreamName=name)["Shards"][0]["ShardId"]
    return str(
        kinesis.get_shard_iterator(StreamName=name, ShardId=shard, ShardIteratorType=kind, **more)["ShardIterator"]
    )


def in_cbor(stack: EmbeddedStack, operation: str, *, stream: bool = False, **parameters: Any) -> requests.Response:
    """A signed request as the SDK for Java sends it."""
    headers = {"X-Amz-Target": f"Kinesis_20131202.{operation}", "Content-Type": CBOR}
    request = botocore.awsrequest.AWSRequest("POST", f"{stack.endpoint_url}/", headers, cbor2.dumps(parameters))
    credentials = botocore.credentials.Credentials("test", "test")
    botocore.auth.SigV4Auth(credentials, "kinesis", stack.region).add_auth(request)
    signed = dict(request.headers)
    return requests.post(stack.endpoint_url, request.body, headers=signed, stream=stream, timeout=DEADLINE_S)


def test_what_is_put_is_got(kinesis: Any, name: str) -> None:
    data = ["test", "ünicödé 统一码 💣", "a" * 1000, ""]
    for text in data:
        kinesis.put_record(StreamName=name, Data=text, PartitionKey="1")
    answer = kinesis.get_records(ShardIterator=iterator(kinesis, name))
    assert [record["Data"].decode() for record in answer["Records"]] == data
    assert answer["MillisBehindLatest"] == 0
    again = kinesis.get_records(ShardIterator=answer["NextShardIterator"])
    assert (again["Records"], again["NextShardIterator"] != answer["NextShardIterator"]) == ([], True)


def test_an_error_is_botos_exception_for_it(kinesis: Any) -> None:
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException, match=r"Stream no under account 0{12} not found"):
        kinesis.describe_stream(StreamName="no")


def test_a_consumer_gets_what_is_put_after_it_subscribed(kinesis: Any, name: str) -> None:
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")["Consumer"]["ConsumerARN"]
    events = kinesis.subscribe_to_shard(
        ConsumerARN=consumer,
        ShardId="shardId-000000000000",
        StartingPosition={"Type": "AT_TIMESTAMP", "Timestamp": datetime(2015, 1, 1, tzinfo=UTC)},
    )["EventStream"]
    for number in range(5):
        kinesis.put_record(StreamName=name, Data=str(number), PartitionKey="k")
    got: list[bytes] = []
    for event in events:
        got += [record["Data"] for record in event["SubscribeToShardEvent"]["Records"]]
        if len(got) >= 5:
            break
    assert got == [b"0", b"1", b"2", b"3", b"4"]


def test_a_cbor_client_puts_and_gets_bytes_and_times(stack: EmbeddedStack, kinesis: Any, name: str) -> None:
    put = in_cbor(stack, "PutRecord", StreamName=name, Data=b"\x00\xff", PartitionKey="k")
    assert (put.status_code, put.headers["Content-Type"]) == (200, CBOR)
    response = in_cbor(stack, "GetRecords", ShardIterator=iterator(kinesis, name))
    (record,) = decoded(response.content)["Records"]
    (in_json,) = kinesis.get_records(ShardIterator=iterator(kinesis, name))["Records"]
    assert record["SequenceNumber"] == decoded(put.content)["SequenceNumber"]
    assert record["Data"] == in_json["Data"] == b"\x00\xff"
    assert record["ApproximateArrivalTimestamp"] == in_json["ApproximateArrivalTimestamp"]


@pytest.mark.parametrize("tagged", [True, False])
def test_a_cbor_client_starts_at_a_time(stack: EmbeddedStack, kinesis: Any, name: str, tagged: bool) -> None:
    """The SDK for Java tags milliseconds as if they were seconds."""
    kinesis.put_record(StreamName=name, Data=b"x", PartitionKey="k")
    arrived = kinesis.get_records(ShardIterator=iterator(kinesis, name))["Records"][0]["ApproximateArrivalTimestamp"]
    time_ms = round(arrived.timestamp() * 1000)
    answer = in_cbor(
        stack,
        "GetShardIterator",
        StreamName=name,
        ShardId="shardId-000000000000",
        ShardIteratorType="AT_TIMESTAMP",
        Timestamp=cbor2.CBORTag(1, time_ms) if tagged else time_ms,
    )
    assert answer.status_code == 200, answer.content
    records = kinesis.get_records(ShardIterator=decoded(answer.content)["ShardIterator"])["Records"]
    assert len(records) == 1


def test_a_cbor_client_gets_errors_by_name(stack: EmbeddedStack) -> None:
    answer = in_cbor(stack, "DescribeStream", StreamName="no")
    assert answer.status_code == 400
    assert decoded(answer.content)["__type"] == "ResourceNotFoundException"


def test_a_cbor_client_subscribes(stack: EmbeddedStack, kinesis: Any, name: str) -> None:
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")["Consumer"]["ConsumerARN"]
    wanted = {"Type": "AT_TIMESTAMP", "Timestamp": "1718960048000"}
    events = in_cbor(
        stack,
        "SubscribeToShard",
        stream=True,
        ConsumerARN=consumer,
        ShardId="shardId-000000000000",
        StartingPosition=wanted,
    )
    with events:
        assert events.status_code == 200
        kinesis.put_record(StreamName=name, Data=b"--RECORD--", PartitionKey="k")
        assert any(b"--RECORD--" in chunk for chunk in events.iter_lines(delimiter=b"\x00"))


def test_cloudformation_makes_changes_and_deletes_a_stream(stack: EmbeddedStack, kinesis: Any) -> None:
    name = f"kinesis-{uuid.uuid4().hex[:8]}"
    cloudformation = stack.client("cloudformation")

    def done(what: str) -> None:
        cloudformation.get_waiter(f"stack_{what}_complete").wait(StackName=name, WaiterConfig={"Delay": 1})

    def described() -> list[Any]:
        summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        tags = kinesis.list_tags_for_stream(StreamName=name)["Tags"]
        described = ("OpenShardCount", "ConsumerCount", "RetentionPeriodHours", "EncryptionType")
        return [summary["StreamModeDetails"]["StreamMode"], *(summary[key] for key in described), tags]

    tags = [{"Key": "a", "Value": "1"}]
    key = {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}
    first = template(Name=name, ShardCount=2, RetentionPeriodHours=48, StreamEncryption=key, Tags=tags)
    cloudformation.create_stack(StackName=name, TemplateBody=first)
    done("create")
    assert described() == ["PROVISIONED", 2, 1, 48, "KMS", tags]
    cloudformation.update_stack(StackName=name, TemplateBody=template(Name=name, ShardCount=3))
    done("update")
    assert described() == ["PROVISIONED", 3, 1, 24, "NONE", []]
    cloudformation.delete_stack(StackName=name)
    done("delete")
    assert name not in kinesis.list_streams()["StreamNames"]


def test_a_stream_that_cloudformation_could_not_make_as_asked_is_not_left(stack: EmbeddedStack, kinesis: Any) -> None:
    name = f"kinesis-{uuid.uuid4().hex[:8]}"
    cloudformation = stack.client("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=template(Name=name, RetentionPeriodHours=9000))
    deadline = time.monotonic() + DEADLINE_S
    while (status := cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]).endswith("PROGRESS"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert status in ("CREATE_FAILED", "ROLLBACK_COMPLETE")
    assert name not in kinesis.list_streams()["StreamNames"]
    cloudformation.delete_stack(StackName=name)


def template(**properties: Any) -> str:
    consumer = {"ConsumerName": "c", "StreamARN": {"Fn::GetAtt": ["Stream", "Arn"]}}
    stream = {"Type": "AWS::Kinesis::Stream", "Properties": properties}
    reader = {"Type": "AWS::Kinesis::StreamConsumer", "Properties": consumer}
    return json.dumps({"Resources": {"Stream": stream, "Consumer": reader}})


def test_metrics_reach_cloudwatch(stack: EmbeddedStack, kinesis: Any, name: str) -> None:
    kinesis.put_records(StreamName=name, Records=[{"Data": b"abc", "PartitionKey": "k"}] * 7)
    kinesis.get_records(ShardIterator=iterator(kinesis, name), Limit=1)
    expected = {"IncomingRecords": 7, "IncomingBytes": 28, "GetRecords.Records": 1}
    stack.client("cloudwatch").list_metrics()
    stack.settle(DEADLINE_S)
    assert {metric: total(stack, name, metric) for metric in expected} == expected
    assert total(stack, name, "GetRecords.IteratorAgeMilliseconds", "Maximum") > 0


def total(stack: EmbeddedStack, name: str, metric: str, statistic: str = "Sum") -> float:
    now = datetime.fromtimestamp(stack.control.now(), UTC)
    answer = stack.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Kinesis",
        MetricName=metric,
        Dimensions=[{"Name": "StreamName", "Value": name}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=[statistic],
    )
    return float(sum(point[statistic] for point in answer["Datapoints"]))


def test_the_control_api_exports_and_imports_every_stream(stack: EmbeddedStack, kinesis: Any, name: str) -> None:
    kinesis.put_record(StreamName=name, Data=b"kept", PartitionKey="k")
    state = requests.get(stack.endpoint_url + STATE, timeout=DEADLINE_S).json()
    kinesis.put_record(StreamName=name, Data=b"forgotten", PartitionKey="k")
    answer = requests.put(stack.endpoint_url + STATE, json=state, timeout=DEADLINE_S)
    assert (answer.status_code, answer.json()) == (200, {"streams": len(state["streams"])})
    records = kinesis.get_records(ShardIterator=iterator(kinesis, name))["Records"]
    assert [record["Data"] for record in records] == [b"kept"]
    refused = requests.put(stack.endpoint_url + STATE, json={"version": 99}, timeout=DEADLINE_S)
    assert (refused.status_code, "another version" in refused.json()["error"]["message"]) == (400, True)
