"""AWS clients and calls that the handlers share, with their retries."""

import mmap
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypedDict

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from wavetank.pipeline.aws.service_clock import SERVICE_CLOCK
from wavetank.pipeline.layout import Tag

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

PARALLEL_CALLS = 8
CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 4},
    max_pool_connections=PARALLEL_CALLS + 2,
    connect_timeout=5,
    read_timeout=30,
    s3={"addressing_style": "path"},
)
REGISTRY_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 2},
    connect_timeout=2,
    read_timeout=5,
    s3={"addressing_style": "path"},
)
ABSENT = ("404", "NoSuchKey", "NotFound")
IS_THERE = "PreconditionFailed"
CHANGED_MEANWHILE = (IS_THERE, "ConditionalRequestConflict")
POOL = ThreadPoolExecutor(PARALLEL_CALLS, thread_name_prefix="aws")
"""The pool for calls that do not depend on each other; threads start with the first use."""


class Condition(TypedDict, total=False):
    """The condition on which an object is written or read, as PutObject and GetObject take it."""

    IfMatch: str
    IfNoneMatch: str


@dataclass(frozen=True, slots=True)
class State:
    """An object's ETag and metadata; `etag` is empty where there is no object."""

    etag: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def condition(self) -> Condition:
        """The condition that the object is still in this state."""
        return {"IfMatch": self.etag} if self.etag else {"IfNoneMatch": "*"}


ABSENT_STATE = State()


@dataclass(frozen=True, slots=True)
class Fetched:
    """An object, its state, and when it was written."""

    data: bytes
    state: State
    written: datetime


@cache
def s3() -> "S3Client":
    """The S3 client of this environment."""
    return _heard(boto3.client("s3", config=CONFIG))


@cache
def registry_s3() -> "S3Client":
    """The S3 client for the registry: a registry that is slow is one that is down, and the batch comes again."""
    return _heard(boto3.client("s3", config=REGISTRY_CONFIG))


@cache
def kinesis() -> "KinesisClient":
    """The Kinesis client of this environment."""
    return _heard(boto3.client("kinesis", config=CONFIG))


@cache
def sns() -> "SNSClient":
    """The SNS client of this environment."""
    return boto3.client("sns", config=CONFIG)


@cache
def sqs() -> "SQSClient":
    """The SQS client of this environment."""
    return boto3.client("sqs", config=CONFIG)


@cache
def secrets() -> "SecretsManagerClient":
    """The Secrets Manager client of this environment."""
    return boto3.client("secretsmanager", config=REGISTRY_CONFIG)


def _heard[C](client: C) -> C:
    """A client whose answers set the services' clock."""
    SERVICE_CLOCK.listen_to(client)
    return client


def code(error: ClientError) -> str:
    """AWS's name for an error: `NoSuchKey`, `PreconditionFailed`, or the status where it has no name."""
    return str(error.response.get("Error", {}).get("Code", ""))


def get_object(bucket: str, key: str) -> bytes:
    """The bytes of an object."""
    return s3().get_object(Bucket=bucket, Key=key)["Body"].read()


def fetch(bucket: str, key: str) -> Fetched | None:
    """An object with its state; None where there is none."""
    try:
        answer = s3().get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if code(error) in ABSENT:
            return None
        raise
    return Fetched(answer["Body"].read(), State(answer["ETag"], answer["Metadata"]), answer["LastModified"])


def head(bucket: str, key: str) -> State | None:
    """The state of an object; None where there is none."""
    try:
        answer = s3().head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if code(error) in ABSENT:
            return None
        raise
    return State(answer["ETag"], answer["Metadata"])


def mapped(bucket: str, key: str, path: Path) -> memoryview:
    """The bytes of an object, in a file at `path` and not in memory."""
    with path.open("w+b") as out:
        for piece in s3().get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(1024 * 1024):
            out.write(piece)
        out.flush()
        return memoryview(mmap.mmap(out.fileno(), 0, access=mmap.ACCESS_READ))


def replace(bucket: str, key: str, body: BinaryIO, state: State, metadata: Mapping[str, str]) -> bool:
    """Write an object if it is still in `state`; False where somebody else has written it since."""
    try:
        s3().put_object(Bucket=bucket, Key=key, Body=body, Metadata=metadata, **state.condition)
    except ClientError as error:
        if code(error) in (*CHANGED_MEANWHILE, *ABSENT):
            return False
        raise
    return True


def tag(bucket: str, key: str, one: Tag) -> None:
    """Set the one tag of an object; one that is gone needs none."""
    try:
        s3().put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": [one]})
    except ClientError as error:
        if code(error) not in ABSENT:
            raise


def objects(bucket: str, prefix: str, after: str = "") -> Iterator[Mapping[str, Any]]:
    """Every object under `prefix` whose key is greater than `after`, as ListObjectsV2 describes it, in key order."""
    for page in s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, StartAfter=after):
        yield from page.get("Contents", [])


def folders(bucket: str, prefix: str) -> list[str]:
    """The names one level below `prefix`."""
    pages = s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    return [
        entry["Prefix"].removeprefix(prefix).rstrip("/") for page in pages for entry in page.get("CommonPrefixes", [])
    ]


def put_objects(
    bucket: str, files: Mapping[str, bytes], metadata: Mapping[str, Mapping[str, str]] | None = None
) -> None:
    """Write all `files`, side by side; returns when the last is durable, raises where one is not.

    `metadata`: of the files that have some, by key.
    """

    def put(item: tuple[str, bytes]) -> None:
        s3().put_object(Bucket=bucket, Key=item[0], Body=item[1], Metadata=(metadata or {}).get(item[0], {}))

    in_parallel(put, list(files.items()))


def add_objects(bucket: str, files: Mapping[str, bytes]) -> None:
    """Write those of `files` that are not there, side by side; what is there stays as it is, with its tags.

    Returns when the last is durable, raises where one is not: also where another write of it is under way.
    """

    def add(item: tuple[str, bytes]) -> None:
        try:
            s3().put_object(Bucket=bucket, Key=item[0], Body=item[1], IfNoneMatch="*")
        except ClientError as error:
            if code(error) != IS_THERE:
                raise

    in_parallel(add, list(files.items()))


def in_parallel[T, R](call: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """`call` for every item, side by side; the results in the order of `items`.

    Every call is made, whatever becomes of the others; then the first error is raised.
    """
    if len(items) < 2:
        return [call(item) for item in items]
    calls = [POOL.submit(call, item) for item in items]
    wait(calls)
    return [made.result() for made in calls]
