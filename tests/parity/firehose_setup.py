"""Delivery streams with buckets of their own, for the tests of Firehose."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wavetank.emulator.stack.stack import EmbeddedStack

ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/firehose"
SETTLE_S = 30.0
DEADLINE_S = 10.0
LONG_HINTS = {"SizeInMBs": 64, "IntervalInSeconds": 900}


def until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@dataclass(frozen=True)
class Delivered:
    """One object and what is in it."""

    key: str
    body: bytes


@dataclass(frozen=True)
class Hose:
    """A delivery stream and its bucket, of the same name."""

    stack: EmbeddedStack
    name: str

    @classmethod
    def new(cls, stack: EmbeddedStack) -> "Hose":
        hose = cls(stack, f"hose-{uuid.uuid4().hex[:8]}")
        hose.create_bucket()
        return hose

    @property
    def firehose(self) -> Any:
        return self.stack.client("firehose")

    def create_bucket(self) -> None:
        self.stack.client("s3").create_bucket(Bucket=self.name)

    def config(self, **rest: Any) -> dict[str, Any]:
        return {
            "RoleARN": ROLE,
            "BucketARN": f"arn:aws:s3:::{self.name}",
            "BufferingHints": LONG_HINTS,
            "Prefix": "p/",
            **rest,
        }

    def create(self, source_arn: str | None = None, **rest: Any) -> "Hose":
        source = {
            "DeliveryStreamType": "KinesisStreamAsSource",
            "KinesisStreamSourceConfiguration": {"KinesisStreamARN": source_arn, "RoleARN": ROLE},
        }
        self.firehose.create_delivery_stream(
            DeliveryStreamName=self.name,
            ExtendedS3DestinationConfiguration=self.config(**rest),
            **(source if source_arn else {}),
        )
        return self

    def put(self, *data: bytes) -> None:
        self.firehose.put_record_batch(DeliveryStreamName=self.name, Records=[{"Data": item} for item in data])

    def describe(self) -> dict[str, Any]:
        answer = self.firehose.describe_delivery_stream(DeliveryStreamName=self.name)
        found: dict[str, Any] = answer["DeliveryStreamDescription"]
        return found

    def objects(self) -> list[Delivered]:
        """What is in the bucket now, in order of keys: of the seconds in which their first records came."""
        s3 = self.stack.client("s3")
        keys = [item["Key"] for item in s3.list_objects_v2(Bucket=self.name).get("Contents", [])]
        return [Delivered(key, s3.get_object(Bucket=self.name, Key=key)["Body"].read()) for key in keys]

    def settled(self) -> list[Delivered]:
        """What is in the bucket once nothing is in flight."""
        self.stack.settle(SETTLE_S)
        return self.objects()
