"""Reads a Kinesis stream through the AWS API, in memory, for event source mappings."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from wavetank.emulator.lambda_.mappings.checkpoints import IteratorType, Position, Shard
from wavetank.emulator.lambda_.mappings.function_client import acting_client
from wavetank.emulator.lambda_.mappings.stream.core.event import RawRecord
from wavetank.emulator.runtime.doorbell import taking

READ_LIMIT = 10_000
"""The most records that GetRecords gives at once."""

_PLAIN = "Plain"


class StreamUnavailable(Exception):
    """The stream did not answer: try again."""


class StreamGone(StreamUnavailable):
    """There is no such stream or shard."""


class PlaceLost(StreamUnavailable):
    """The iterator has expired, or the sequence number is not of this stream: find the place anew."""


class View(NamedTuple):
    """A stream: when it was made (seconds since the epoch), how long it keeps records (seconds), and its shards.

    Closed shards are among them for as long as the stream has them.
    """

    created: float
    retention_s: float
    shards: list[Shard]


class Page(NamedTuple):
    """An answer of GetRecords; no next iterator means that the shard has ended."""

    records: list[RawRecord]
    next_iterator: str | None
    millis_behind: int


class StreamClient:
    """A stream, seen by its readers. Every method raises StreamUnavailable or one of its kinds."""

    def __init__(self, stream_arn: str, function_arn: str, role_arn: str) -> None:
        """The stream as a function reads it by its role."""
        self._arn, self._function_arn, self._role_arn = stream_arn, function_arn, role_arn

    @cached_property
    def _client(self) -> Any:
        _, _, _, region, account, _ = self._arn.split(":", 5)
        client = acting_client("kinesis", self._role_arn, self._function_arn, account=account, region=region)
        client.meta.events.register(
            "before-parse.kinesis.GetRecords", _keep_plain, unique_id="event-source-plain-records"
        )
        return client

    def look(self) -> View:
        """The stream as it is now: all that is told is of one and the same stream, however often it is replaced."""
        while True:
            created, retention_s = self._summary()
            shards = self._shards()
            if self._summary()[0] == created:
                return View(created, retention_s, shards)

    def _shards(self) -> list[Shard]:
        shards: list[Shard] = []
        request: dict[str, Any] = {"StreamARN": self._arn}
        with _translated():
            while True:
                answer = self._client.list_shards(**request)
                for shard in answer["Shards"]:
                    parents = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
                    is_open = "EndingSequenceNumber" not in shard["SequenceNumberRange"]
                    shards.append(Shard(shard["ShardId"], tuple(filter(None, parents)), is_open))
                if not answer.get("NextToken"):
                    return shards
                request = {"NextToken": answer["NextToken"]}

    def _summary(self) -> tuple[float, float]:
        with _translated():
            answer = self._client.describe_stream_summary(StreamARN=self._arn)
            summary = answer["StreamDescriptionSummary"]
            return summary["StreamCreationTimestamp"].timestamp(), float(summary["RetentionPeriodHours"]) * 3600

    def iterator(self, shard_id: str, position: Position) -> str:
        """An iterator that stands at the position."""
        where: dict[str, Any] = {"ShardIteratorType": str(position.kind)}
        if position.kind is IteratorType.AFTER_SEQUENCE_NUMBER:
            where["StartingSequenceNumber"] = position.sequence
        if position.kind is IteratorType.AT_TIMESTAMP:
            where["Timestamp"] = datetime.fromtimestamp(position.timestamp, UTC)
        with _translated():
            answer = self._client.get_shard_iterator(StreamARN=self._arn, ShardId=shard_id, **where)
        return str(answer["ShardIterator"])

    def read(self, iterator: str) -> Page:
        """The next records, up to 10,000 or 10 MiB."""
        with _translated(), taking() as taken:
            answer = self._client.get_records(StreamARN=self._arn, ShardIterator=iterator, Limit=READ_LIMIT)
            plain = answer[_PLAIN]
            behind = int(plain.get("MillisBehindLatest") or 0)
            records: list[Any] = taken or plain["Records"]
            return Page(records, plain.get("NextShardIterator"), behind)


def _keep_plain(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    """Take the records as the JSON that they are: data stays in base64 and times stay numbers.

    Turning 10,000 records into bytes and datetimes, only to write them as JSON again, would cost more than all
    the rest of the delivery.
    """
    if response_dict["status_code"] < 300:
        customized_response_dict[_PLAIN] = json.loads(response_dict["body"])
        response_dict["body"] = b"{}"


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what the client raises into the errors of this module."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code == "ResourceNotFoundException":
            raise StreamGone(str(error)) from error
        if code in ("ExpiredIteratorException", "InvalidArgumentException"):
            raise PlaceLost(str(error)) from error
        raise StreamUnavailable(str(error)) from error
    except Exception as error:
        raise StreamUnavailable(f"{type(error).__name__}: {error}") from error
