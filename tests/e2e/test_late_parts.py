"""Parts that came too late are moved once, however many planners move them at the same time."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.pipeline.aws import calls
from wavetank.pipeline.aws.plan import LateParts, move_to_late

pytestmark = pytest.mark.stack

FIRST = datetime(2030, 1, 1, tzinfo=UTC)
PART = "event=click/date=2019-01-01/hour=00/bucket=00/{}.avro"


@pytest.fixture
def bucket(stack: EmbeddedStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket with two late parts of three events each, for the pipeline's own calls; deleted after the test."""
    s3, name = stack.client("s3"), f"late-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    for part in ("a", "b"):
        s3.put_object(Bucket=name, Key=f"parts/{PART.format(part)}", Body=part.encode(), Metadata={"events": "3"})
    monkeypatch.setattr(calls, "s3", lambda: s3)
    yield name
    for key in keys(stack, name):
        s3.delete_object(Bucket=name, Key=key)
    s3.delete_bucket(Bucket=name)


def keys(stack: EmbeddedStack, bucket: str) -> list[str]:
    return [entry["Key"] for entry in stack.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_a_part_that_another_planner_has_just_moved_is_none_of_ours(stack: EmbeddedStack, bucket: str) -> None:
    gone = {"service": "s3", "operation": "CopyObject", "key": f"late/{PART.format('a')}"}
    with stack.faults.error_before("aws.call", match=gone, status=404, code="NoSuchKey") as fault:
        assert move_to_late(bucket, "click", FIRST) == LateParts(parts=1, events=3)
        assert len(fault.firings()) == 1
    assert f"late/{PART.format('b')}" in keys(stack, bucket)


def test_what_cannot_be_moved_for_another_reason_is_an_error(stack: EmbeddedStack, bucket: str) -> None:
    refused = {"service": "s3", "operation": "CopyObject", "key": f"late/{PART.format('a')}"}
    with (
        stack.faults.error_before("aws.call", match=refused, status=403, code="AccessDenied"),
        pytest.raises(ClientError, match="AccessDenied"),
    ):
        move_to_late(bucket, "click", FIRST)
    assert f"parts/{PART.format('a')}" in keys(stack, bucket)
