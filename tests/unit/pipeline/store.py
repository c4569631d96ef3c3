"""A data bucket in this process, for what the pipeline does call by call: moto's S3, which LocalStack stands on too."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from functools import cache
from hashlib import md5
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.unit.pipeline.examples import PING, event
from wavetank.pipeline.aws import calls
from wavetank.pipeline.core.decode import encode
from wavetank.pipeline.core.files.avro_file import part
from wavetank.pipeline.layout import Partition

BUCKET = "data-of-record"
WHERE = Partition("ping", "2019-11-24", 12, 0)


@contextmanager
def data_bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The S3 client that the pipeline calls, with an empty bucket, for the length of the block."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        for service in ("s3", "sns"):
            monkeypatch.setattr(calls, service, cache(lambda service=service: boto3.client(service)))
        calls.s3().create_bucket(Bucket=BUCKET)
        yield calls.s3()


def dated(parsed: Any, **_: Any) -> None:
    """Give an answer a date, which all of S3 have, and those of moto have not."""
    parsed["ResponseMetadata"]["HTTPHeaders"]["date"] = formatdate(usegmt=True)


def put(s3: Any, key: str, body: bytes = b"x", **more: Any) -> str:
    """Put an object; its ETag."""
    return str(s3.put_object(Bucket=BUCKET, Key=key, Body=body, **more)["ETag"])


def keys(s3: Any, prefix: str = "") -> list[str]:
    """The keys below a prefix."""
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", ())]


def tags(s3: Any, key: str) -> dict[str, str]:
    """The tags of an object."""
    return {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"]}


def part_of(*numbers: int) -> bytes:
    """A part with the events of these numbers."""
    events = [event(number) for number in numbers]
    digests = [md5(fields["event_id"].encode(), usedforsecurity=False).digest() for fields in events]
    return part(PING, [encode(fields, PING) for fields in events], digests)


def refuse(s3: Any, operation: str, code: str, status: int) -> None:
    """Have every such call fail."""
    error = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    answer = (SimpleNamespace(status_code=status, headers={}), error)
    s3.meta.events.register_first(f"before-call.s3.{operation}", lambda **_: answer)


def failure_document(stream_arn: str, sequence_numbers: tuple[str, str], size: int) -> bytes:
    """A document about a batch that was given up, as Lambda writes it, without a copy of the event."""
    first, last = sequence_numbers
    batch = {
        "streamArn": stream_arn,
        "shardId": "shardId-000000000000",
        "startSequenceNumber": first,
        "endSequenceNumber": last,
        "batchSize": size,
    }
    return json.dumps({"KinesisBatchInfo": batch, "requestContext": {"condition": "RetryAttemptsExhausted"}}).encode()
