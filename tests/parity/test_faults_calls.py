"""Faults on AWS calls: they look real to boto3, hold for a window of emulator time, and make reads stale."""

import http.client
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.parity.test_faults_streams import activity, once
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

OUTAGE_S = 300.0


@pytest.fixture
def bucket(stack: EmbeddedStack) -> Iterator[str]:
    name = f"calls-{uuid.uuid4().hex[:8]}"
    stack.client("s3").create_bucket(Bucket=name)
    yield name
    stack.control.clear_faults()


@pytest.mark.parametrize(
    ("service", "call", "arguments", "status", "code"),
    [
        ("s3", "list_buckets", {}, 503, "SlowDown"),
        ("kinesis", "list_streams", {}, 500, "InternalFailure"),
        ("firehose", "list_delivery_streams", {}, 503, "ServiceUnavailableException"),
        ("lambda", "list_functions", {}, 500, "ServiceException"),
        ("sns", "list_topics", {}, 500, "InternalError"),
        ("sqs", "list_queues", {}, 503, "ServiceUnavailable"),
        ("events", "list_rules", {}, 500, "InternalException"),
        ("sts", "get_caller_identity", {}, 503, "ServiceUnavailable"),
    ],
)
def test_each_service_fails_in_its_own_words(
    service: str, call: str, arguments: dict[str, Any], status: int, code: str, stack: EmbeddedStack
) -> None:
    client = once(stack, service)
    with (
        stack.faults.error_before("aws.call", match={"service": service, "origin": "client"}) as fault,
        pytest.raises(ClientError) as error,
    ):
        getattr(client, call)(**arguments)
    said = error.value.response
    assert (said["Error"]["Code"], said["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert said["Error"]["Message"]
    assert said["ResponseMetadata"]["RequestId"]
    assert len(activity(stack, fault.id)) == 1


def test_what_the_service_models_is_the_exception_that_boto3_has_for_it(stack: EmbeddedStack) -> None:
    client = once(stack, "lambda")
    with (
        stack.faults.error_before("aws.call", match={"operation": "ListFunctions"}, code="TooManyRequestsException"),
        pytest.raises(client.exceptions.TooManyRequestsException) as error,
    ):
        client.list_functions()
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429


def test_an_outage_is_over_when_its_window_of_emulator_time_is(stack: EmbeddedStack, bucket: str) -> None:
    s3, match = once(stack, "s3"), {"service": "s3", "resource": bucket}
    with stack.faults.error_before("aws.call", match=match, window=(0, OUTAGE_S)) as fault:
        with pytest.raises(ClientError, match="SlowDown"):
            s3.put_object(Bucket=bucket, Key="k", Body=b"")
        stack.control.advance_clock(OUTAGE_S)
        s3.put_object(Bucket=bucket, Key="k", Body=b"")
        assert len(fault.firings()) == 1


@pytest.mark.fault("s3.read", "stale")
@pytest.mark.parametrize("new", ["new", "date=2019-11-24/ä +%"])
def test_a_new_object_and_new_content_are_not_seen_yet(stack: EmbeddedStack, bucket: str, new: str) -> None:
    s3 = once(stack, "s3")
    s3.put_object(Bucket=bucket, Key="old", Body=b"1")
    with stack.faults.stale("s3.read", match={"bucket": bucket}, lag_s=OUTAGE_S) as fault:
        s3.put_object(Bucket=bucket, Key=new, Body=b"2")
        s3.put_object(Bucket=bucket, Key="old", Body=b"3")
        for listing in (s3.list_objects_v2(Bucket=bucket), s3.list_objects(Bucket=bucket)):
            assert [item["Key"] for item in listing["Contents"]] == ["old"]
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
        with pytest.raises(s3.exceptions.NoSuchKey):
            s3.get_object(Bucket=bucket, Key=new)
        with pytest.raises(ClientError, match="404"):
            s3.head_object(Bucket=bucket, Key=new)
        assert s3.get_object(Bucket=bucket, Key="old")["Body"].read() == b"1"
        assert {firing["target"]["key"] for firing in fault.firings()} == {new, "old"}
        stack.control.advance_clock(OUTAGE_S)
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 2
        assert s3.get_object(Bucket=bucket, Key="old")["Body"].read() == b"3"


@pytest.mark.fault("s3.read", "stale")
def test_an_object_that_is_not_new_yet_is_told_as_it_was(stack: EmbeddedStack, bucket: str) -> None:
    s3 = once(stack, "s3")
    about: Any = {"Metadata": {"by": "hand"}, "ContentType": "text/plain"}
    before = s3.put_object(Bucket=bucket, Key="k", Body=b"before", **about)["ETag"]
    with stack.faults.stale("s3.read", match={"bucket": bucket}, lag_s=OUTAGE_S):
        after = s3.put_object(Bucket=bucket, Key="k", Body=b"after", ContentType="text/html")["ETag"]
        for read in (s3.get_object, s3.head_object):
            told = read(Bucket=bucket, Key="k")
            assert (told["ETag"], told["ContentLength"], told["ContentType"]) == (before, 6, "text/plain")
            assert told["Metadata"] == {"by": "hand"}
        (listed,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
        assert (listed["ETag"], listed["Size"]) == (before, 6)
        with pytest.raises(ClientError, match="304"):
            s3.get_object(Bucket=bucket, Key="k", IfNoneMatch=before)
        assert s3.get_object(Bucket=bucket, Key="k", IfNoneMatch=after)["Body"].read() == b"before"
        with pytest.raises(ClientError, match="PreconditionFailed"):
            s3.get_object(Bucket=bucket, Key="k", IfMatch=after)
        assert s3.get_object(Bucket=bucket, Key="k", Range="bytes=0-1")["Body"].read() == b"af"


@pytest.mark.fault("s3.read", "stale")
def test_of_several_versions_the_one_of_that_time_is_seen(stack: EmbeddedStack, bucket: str) -> None:
    s3 = once(stack, "s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"0")
    with stack.faults.stale("s3.read", match={"bucket": bucket}, lag_s=OUTAGE_S):
        for version in (b"1", b"2"):
            s3.put_object(Bucket=bucket, Key="k", Body=version)
            stack.control.advance_clock(OUTAGE_S / 2)
        assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2"


@pytest.mark.fault("s3.read", "stale")
def test_new_tags_are_not_seen_yet(stack: EmbeddedStack, bucket: str) -> None:
    s3 = once(stack, "s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Tagging="state=before")

    def tags() -> list[Any]:
        return [tag["Value"] for tag in s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]]

    with stack.faults.stale("s3.read", match={"bucket": bucket, "operation": "GetObjectTagging"}, nth=1) as fault:
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "state", "Value": "after"}]})
        assert tags() == ["before"]
        assert tags() == ["after"]
        assert len(fault.firings()) == 1


def test_a_fault_is_changed_in_place(stack: EmbeddedStack, bucket: str) -> None:
    s3 = once(stack, "s3")
    with stack.faults.error_before("aws.call", match={"resource": bucket}, code="AccessDenied") as fault:
        changed = stack.control.change_fault(fault.id, {"match": {"resource": "another"}, "when": {"nth": 2}})
        assert (changed["match"], changed["when"]) == ({"resource": "another"}, {"nth": [2]})
        s3.head_bucket(Bucket=bucket)


def chaos(stack: EmbeddedStack, method: str, path: str, body: Any = None) -> Any:
    """One request to LocalStack's chaos API."""
    connection = http.client.HTTPConnection(stack.endpoint_url.removeprefix("http://"))
    payload = None if body is None else json.dumps(body)
    connection.request(method, f"/_localstack/chaos/{path}", payload, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert answer.status == 200
    return json.loads(answer.read())


def test_the_chaos_api_of_localstack_is_spoken(stack: EmbeddedStack, bucket: str) -> None:
    rule = {"region": "us-east-1", "service": "s3", "operation": "HeadBucket"}
    full = {**rule, "probability": 1.0, "error": {"statusCode": 503, "code": "ServiceUnavailable"}}
    other = {"service": "sns", "probability": 0.5, "error": {"statusCode": 400, "code": "Throttling"}}
    s3 = once(stack, "s3")
    assert chaos(stack, "POST", "faults", [rule]) == [full]
    assert chaos(stack, "PATCH", "faults", [other]) == [full, other]
    with pytest.raises(ClientError, match="503"):
        s3.head_bucket(Bucket=bucket)
    assert chaos(stack, "DELETE", "faults", [rule]) == [other]
    s3.head_bucket(Bucket=bucket)
    assert chaos(stack, "DELETE", "faults") == []
    assert chaos(stack, "GET", "faults") == []


def test_the_chaos_api_adds_latency_to_every_call(stack: EmbeddedStack) -> None:
    assert chaos(stack, "POST", "effects", {"latency": 50}) == {"latency": 50}
    assert chaos(stack, "GET", "effects") == {"latency": 50}
    stack.client("sts").get_caller_identity()
    assert chaos(stack, "POST", "effects", {"latency": 0}) == {"latency": 0}
