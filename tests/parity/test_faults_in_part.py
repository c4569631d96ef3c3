"""Services that do a call in part, as AWS may: short pages and refused messages; whoever goes on loses nothing."""

import uuid
from collections.abc import Iterator

import pytest

from tests.parity.test_faults_streams import once
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

KEYS = [f"a/{number}" for number in range(5)] + ["b/1", "c"]


@pytest.fixture
def bucket(stack: EmbeddedStack) -> Iterator[str]:
    name = f"part-{uuid.uuid4().hex[:8]}"
    stack.client("s3").create_bucket(Bucket=name)
    for key in KEYS:
        stack.client("s3").put_object(Bucket=name, Key=key, Body=b"x")
    yield name
    stack.control.clear_faults()


@pytest.mark.fault("s3.listing", "short")
@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2", "list_object_versions"])
def test_a_short_page_says_where_the_next_begins(stack: EmbeddedStack, bucket: str, operation: str) -> None:
    s3 = once(stack, "s3")
    with stack.faults.short("s3.listing", match={"bucket": bucket}, keys=2) as fault:
        page = getattr(s3, operation)(Bucket=bucket)
        items = page.get("Contents") or page.get("Versions")
        assert ([item["Key"] for item in items], page["IsTruncated"], page["MaxKeys"]) == (KEYS[:2], True, 1000)
        pages = list(s3.get_paginator(operation).paginate(Bucket=bucket))
        names = [item["Key"] for page in pages for item in page.get("Contents") or page.get("Versions") or ()]
        assert (names, len(pages)) == (KEYS, 4)
        assert len(fault.firings()) == 5


def test_a_first_page_may_hold_nothing_and_say_that_there_is_more(stack: EmbeddedStack, bucket: str) -> None:
    s3 = once(stack, "s3")
    with stack.faults.short("s3.listing", match={"bucket": bucket}, keys=0):
        page = s3.list_objects_v2(Bucket=bucket, StartAfter=KEYS[0])
        assert (page.get("Contents"), page["KeyCount"], page["IsTruncated"], page["MaxKeys"]) == (None, 0, True, 1000)
        pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, StartAfter=KEYS[0]))
        assert [item["Key"] for page in pages for item in page.get("Contents", ())] == KEYS[1:]
        assert [item["Key"] for item in s3.list_objects(Bucket=bucket)["Contents"]] == KEYS[:1]


def test_a_short_page_counts_common_prefixes_and_a_smaller_number_that_was_asked_for_stands(
    stack: EmbeddedStack, bucket: str
) -> None:
    s3 = once(stack, "s3")
    with stack.faults.short("s3.listing", match={"bucket": bucket, "prefix": ""}, keys=2):
        page = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
        assert ([item["Prefix"] for item in page["CommonPrefixes"]], page["KeyCount"]) == (["a/", "b/"], 2)
        rest = s3.list_objects_v2(Bucket=bucket, Delimiter="/", ContinuationToken=page["NextContinuationToken"])
        assert [item["Key"] for item in rest["Contents"]] == ["c"]
        assert s3.list_objects_v2(Bucket=bucket, MaxKeys=1)["KeyCount"] == 1
        assert s3.list_objects_v2(Bucket=bucket, Prefix="a/")["KeyCount"] == 5


@pytest.mark.fault("sqs.send", "fail")
@pytest.mark.parametrize("refused", [["1"], ["0", "1", "2"]])
def test_single_messages_of_a_batch_are_refused_and_the_others_are_sent(
    stack: EmbeddedStack, refused: list[str]
) -> None:
    sqs, name = once(stack, "sqs"), f"part-{uuid.uuid4().hex[:8]}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    entries = [{"Id": str(number), "MessageBody": f"body {number}"} for number in range(3)]
    bodies = [f"body {number}" for number in refused]
    with stack.faults.fail("sqs.send", match={"queue": name, "content": f"body [{''.join(refused)}]"}) as fault:
        answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
        assert [firing["target"]["content"] for firing in fault.firings()] == bodies
    assert [failure["Id"] for failure in answer["Failed"]] == refused
    assert {(failure["Code"], failure["SenderFault"]) for failure in answer["Failed"]} == {("InternalError", False)}
    sent = [success["Id"] for success in answer.get("Successful", ())]
    assert sent == [entry["Id"] for entry in entries if entry["Id"] not in refused]
    taken = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    assert sorted(message["Body"] for message in taken) == [f"body {number}" for number in sent]
    assert not sqs.send_message_batch(QueueUrl=url, Entries=entries).get("Failed")
    sqs.delete_queue(QueueUrl=url)
