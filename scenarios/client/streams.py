"""Reads the records of a stream, shard by shard, as any consumer does: by GetRecords, which consumers share."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

Record = Mapping[str, Any]
"""A record as GetRecords gives it (Kinesis API reference, "Record")."""


def shards(kinesis: Any, stream: str) -> list[Mapping[str, Any]]:
    """The shards of a stream, closed ones included."""
    answer = kinesis.list_shards(StreamName=stream)
    there = list(answer["Shards"])
    while token := answer.get("NextToken"):
        answer = kinesis.list_shards(NextToken=token)
        there += answer["Shards"]
    return there


def records(
    kinesis: Any, stream: str, shard_id: str, since: datetime, until: datetime | None = None
) -> Iterator[Record]:
    """The records of a shard that arrived from `since` on, up to `until` or to its end, in its order."""
    start = kinesis.get_shard_iterator(
        StreamName=stream, ShardId=shard_id, ShardIteratorType="AT_TIMESTAMP", Timestamp=since
    )
    iterator = start["ShardIterator"]
    while iterator:
        answer = kinesis.get_records(ShardIterator=iterator)
        for record in answer["Records"]:
            if until is not None and record["ApproximateArrivalTimestamp"] > until:
                return
            yield record
        iterator = answer.get("NextShardIterator") if answer["MillisBehindLatest"] else None
