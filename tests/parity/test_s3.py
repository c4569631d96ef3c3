"""S3 answers as AWS does for keys of any kind: addresses, listings on the wire, notifications, versions."""

import json
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import unquote_plus
from urllib.request import Request, urlopen
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError

from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

KEYS = [
    *("/", "//", "///", "/a", "//a", "a/", "a//", "a//b", "a///b", "//?", "a/?b#c"),
    *(".", "..", "./a", "../a", "a/./b", "a/../b", "a/..", "..//.."),
    *(" ", "a ", "  a", "a b", "a+b", "a%2Fb", "a%", "a=b&c=d", "a;b", "a:b", "a\\b", "~*'()"),
    *("é", "日本", "\uffff", "😀", "<&>\"'", "a\nb", "\r", "\x01"),
]
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
)


@pytest.fixture
def bucket(stack: EmbeddedStack) -> Iterator[str]:
    """A bucket of this test's own, emptied and deleted after it."""
    s3, name = stack.client("s3"), f"keys-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    yield name
    listed = s3.list_object_versions(Bucket=name)
    for entry in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
        s3.delete_object(Bucket=name, Key=entry["Key"], VersionId=entry["VersionId"])
    s3.delete_bucket(Bucket=name)


def raw(
    stack: EmbeddedStack, path: str, method: str = "GET", body: bytes | None = None
) -> tuple[int, ElementTree.Element]:
    """Status and document of a request that no SDK has touched."""
    headers = {"Authorization": AUTHORIZATION, "Content-Type": "application/xml"}
    request = Request(f"{stack.endpoint_url}{path}", data=body, method=method, headers=headers)
    try:
        with urlopen(request) as answer:
            return answer.status, ElementTree.fromstring(answer.read())
    except HTTPError as error:
        return error.code, ElementTree.fromstring(error.read())


def texts(document: ElementTree.Element, name: str) -> list[str]:
    return [element.text or "" for element in document.iter() if element.tag.rpartition("}")[2] == name]


def test_an_object_is_found_copied_and_deleted_by_its_key_whatever_that_is(stack: EmbeddedStack, bucket: str) -> None:
    s3 = stack.client("s3")
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == sorted(KEYS, key=str.encode)
    for key in KEYS:
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() == key
        s3.copy_object(Bucket=bucket, Key=f"copy/{key}", CopySource={"Bucket": bucket, "Key": key})
        s3.delete_object(Bucket=bucket, Key=key)
    copies = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert [item["Key"] for item in copies] == sorted((f"copy/{key}" for key in KEYS), key=str.encode)


def test_a_listing_on_the_wire_spells_keys_as_it_was_asked_to(stack: EmbeddedStack, bucket: str) -> None:
    s3 = stack.client("s3")
    keys = sorted(["a b/1", "a+b", "<&>", "é", "~", "😀"], key=str.encode)
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
        s3.create_multipart_upload(Bucket=bucket, Key=key)
    for query in ("list-type=2", "", "versions", "uploads"):
        in_url, plain = (raw(stack, f"/{bucket}?{query}{spelling}")[1] for spelling in ("&encoding-type=url", ""))
        assert [unquote_plus(key) for key in texts(in_url, "Key")] == keys
        assert texts(plain, "Key") == keys
    document = raw(stack, f"/{bucket}?list-type=2&encoding-type=url&delimiter=/&max-keys=3&prefix=a%20")[1]
    assert texts(document, "Prefix") == ["a+", "a+b/"]


@pytest.mark.parametrize(
    "query", ["max-keys=abc", "max-keys=-1", "list-type=2&continuation-token=abc", "encoding-type=x"]
)
def test_a_listing_that_is_asked_for_wrongly_is_refused(stack: EmbeddedStack, bucket: str, query: str) -> None:
    status, document = raw(stack, f"/{bucket}?{query}")
    assert (status, texts(document, "Code")) == (400, ["InvalidArgument"])


@pytest.mark.parametrize("character", ["\x01", "\uffff"])
def test_a_document_that_is_no_xml_is_the_callers_fault(stack: EmbeddedStack, bucket: str, character: str) -> None:
    with pytest.raises(ClientError) as refused:
        stack.client("s3").delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": character}]})
    assert refused.value.response["Error"]["Code"] == "MalformedXML"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_uploads_in_pages_come_once_while_they_are_aborted(stack: EmbeddedStack, bucket: str) -> None:
    s3 = stack.client("s3")
    begun = [s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"] for key in ("a", "b é", "b é", "b é", "z")]
    aborted = []
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, MaxUploads=2):
        for upload in page.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
            aborted.append(upload["UploadId"])
    assert aborted == begun


def test_an_object_that_replaces_the_null_version_is_the_newest(stack: EmbeddedStack, bucket: str) -> None:
    s3 = stack.client("s3")
    s3.put_object(Bucket=bucket, Key="key", Body=b"null, first")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="key", Body=b"a version")["VersionId"]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=bucket, Key="key", Body=b"null, second")
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"null, second"
    listed = [
        (version["VersionId"], version["IsLatest"])
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, PaginationConfig={"PageSize": 1})
        for version in page["Versions"]
    ]
    assert listed == [("null", True), (version, False)]


def test_notifications_have_the_key_form_encoded_and_events_have_it_as_it_is(stack: EmbeddedStack, bucket: str) -> None:
    s3, sqs, events = stack.client("s3"), stack.client("sqs"), stack.client("events")
    urls = {name: sqs.create_queue(QueueName=f"{bucket}-{name}")["QueueUrl"] for name in ("queue", "bus")}
    arns = {name: f"arn:aws:sqs:us-east-1:000000000000:{bucket}-{name}" for name in urls}
    events.put_rule(
        Name=bucket, EventPattern=json.dumps({"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}})
    )
    events.put_targets(Rule=bucket, Targets=[{"Id": "queue", "Arn": arns["bus"]}])
    prefixed = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "a+b%3D"}]}}
    configured = {"QueueArn": arns["queue"], "Events": ["s3:ObjectCreated:*"], "Filter": prefixed}
    try:
        s3.put_bucket_notification_configuration(
            Bucket=bucket,
            NotificationConfiguration={"QueueConfigurations": [configured], "EventBridgeConfiguration": {}},
        )
        key = "a b=c+d/é ~.txt"
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
        stack.settle()
        told = json.loads(received(sqs, urls["queue"]))["Records"][0]["s3"]["object"]["key"]
        assert told == "a+b%3Dc%2Bd/%C3%A9+%7E.txt"
        assert json.loads(received(sqs, urls["bus"]))["detail"]["object"]["key"] == key
    finally:
        events.remove_targets(Rule=bucket, Ids=["queue"])
        events.delete_rule(Name=bucket)
        for url in urls.values():
            sqs.delete_queue(QueueUrl=url)


def received(sqs: Any, url: str) -> str:
    """The body of the queue's first message that is no test event."""
    while messages := sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            if "s3:TestEvent" not in message["Body"]:
                return str(message["Body"])
    pytest.fail("no message")
