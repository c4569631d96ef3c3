"""The operations ListShards, SplitShard, MergeShards and UpdateShardCount."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from localstack.aws.api import RequestContext

from wavetank.emulator.kinesis.config import CONFIG
from wavetank.emulator.kinesis.errors import (
    InvalidArgument,
    LimitExceeded,
    ResourceNotFound,
    Validation,
)
from wavetank.emulator.kinesis.model.position import listing_place, next_token
from wavetank.emulator.kinesis.model.shards import Shard, shard_number
from wavetank.emulator.kinesis.model.stream import HOUR_MS, Stream
from wavetank.emulator.kinesis.operations.boundary import (
    Answer,
    check_token_alone,
    named_stream,
    now_ms,
    operation,
    sent_time_ms,
)
from wavetank.emulator.kinesis.operations.descriptions import shard_description
from wavetank.emulator.kinesis.operations.streams import check_quota
from wavetank.emulator.kinesis.settings import Mode
from wavetank.emulator.kinesis.store import Region, stream_with_arn
from wavetank.emulator.runtime.doorbell import STREAM_WRITES

MOST_LISTED = 1_000


@dataclass(frozen=True)
class Listing:
    """The request of a ListShards: the stream, a filter of its shards, and the number of the last shard before."""

    stream: Stream
    filter: Mapping[str, Any]
    after: int

    @classmethod
    def resumed(cls, token: str, now: int) -> "Listing":
        """The listing that a token goes on with; raises InvalidArgument, ExpiredNextToken, ResourceNotFound."""
        place = listing_place(token, now)
        return cls(stream_with_arn(place["arn"]), place["filter"], place["after"])

    def page(self, limit: int, now: int) -> Answer:
        """The next `limit` shards, and the token to go on with."""
        stream = self.stream
        with stream.lock:
            stream.expire(now)
            shards = [shard for shard in self._matching(now) if shard.number > self.after]
        page = shards[:limit]
        answer: Answer = {"Shards": [shard_description(shard) for shard in page]}
        if len(page) < len(shards):
            place = {"arn": stream.identity.arn, "filter": self.filter, "after": page[-1].number}
            answer["NextToken"] = next_token(place, now)
        return answer

    def _matching(self, now: int) -> list[Shard]:
        stream, shards = self.stream, list(self.stream.shards)
        time: int = self.filter.get("Timestamp", 0)
        match self.filter.get("Type"):
            case "AFTER_SHARD_ID":
                start = _exclusive_start(self.filter["ShardId"])
                return [shard for shard in shards if shard.number > start]
            case "AT_TRIM_HORIZON":
                horizon = max(now - stream.settings.retention_hours * HOUR_MS, stream.identity.created_ms)
                return [shard for shard in shards if shard.was_open_at(horizon)]
            case "AT_LATEST":
                return [shard for shard in shards if shard.is_open]
            case "AT_TIMESTAMP":
                return [shard for shard in shards if shard.was_open_at(time)]
            case "FROM_TIMESTAMP":
                return [shard for shard in shards if shard.was_open_since(time)]
        return shards


class ShardOperations:
    """The operations that list and reshard the shards of a stream."""

    @operation
    def list_shards(
        self,
        context: RequestContext,
        stream_name: str | None = None,
        next_token: str | None = None,
        exclusive_start_shard_id: str | None = None,
        max_results: int | None = None,
        stream_creation_timestamp: datetime | None = None,
        shard_filter: dict[str, Any] | None = None,
        stream_arn: str | None = None,
        **_: object,
    ) -> Answer:
        """ListShards."""
        now = now_ms()
        if next_token:
            check_token_alone(
                StreamName=stream_name,
                StreamARN=stream_arn,
                ExclusiveStartShardId=exclusive_start_shard_id,
                StreamCreationTimestamp=stream_creation_timestamp,
            )
            listing = Listing.resumed(next_token, now)
        elif stream_name or stream_arn:
            created = sent_time_ms(context, stream_creation_timestamp, "StreamCreationTimestamp")
            stream = named_stream(context, stream_name, stream_arn)
            who = stream.identity
            if created is not None and created // 1000 != who.created_ms // 1000:
                raise ResourceNotFound(f"Stream {who.name} under account {who.account} not found.")
            after = _exclusive_start(exclusive_start_shard_id)
            listing = Listing(stream, _filter(context, shard_filter or {}), after)
        else:
            raise InvalidArgument("Either NextToken or StreamName should be provided.")
        return listing.page(min(max_results or MOST_LISTED, MOST_LISTED), now)

    @operation
    def split_shard(
        self,
        context: RequestContext,
        shard_to_split: str,
        new_starting_hash_key: str,
        stream_name: str | None = None,
        stream_arn: str | None = None,
        **_: object,
    ) -> None:
        """SplitShard."""
        stream = _resharded(named_stream(context, stream_name, stream_arn))
        check_quota(Region.of(stream), stream.settings.mode, 1)
        with stream.lock:
            shard = _existing(stream, shard_to_split)
            stream.split(shard, int(new_starting_hash_key), now_ms())
        STREAM_WRITES.ring(stream.identity.arn)

    @operation
    def merge_shards(
        self,
        context: RequestContext,
        shard_to_merge: str,
        adjacent_shard_to_merge: str,
        stream_name: str | None = None,
        stream_arn: str | None = None,
        **_: object,
    ) -> None:
        """MergeShards."""
        stream = _resharded(named_stream(context, stream_name, stream_arn))
        with stream.lock:
            lower, upper = _existing(stream, shard_to_merge), _existing(stream, adjacent_shard_to_merge)
            stream.merge(lower, upper, now_ms())
        STREAM_WRITES.ring(stream.identity.arn)

    @operation
    def update_shard_count(
        self,
        context: RequestContext,
        target_shard_count: int,
        scaling_type: str,  # noqa: ARG002 - part of the operation; it has one value
        stream_name: str | None = None,
        stream_arn: str | None = None,
        **_: object,
    ) -> Answer:
        """UpdateShardCount."""
        stream = _resharded(named_stream(context, stream_name, stream_arn))
        with stream.lock:
            current = len(stream.shards.open)
            _check_target(stream, current, target_shard_count)
            stream.scale(target_shard_count, now_ms())
        STREAM_WRITES.ring(stream.identity.arn)
        return {
            "StreamName": stream.name,
            "StreamARN": stream.identity.arn,
            "CurrentShardCount": current,
            "TargetShardCount": target_shard_count,
        }


def _filter(context: RequestContext, given: Mapping[str, Any]) -> Mapping[str, Any]:
    if not given:
        return {}
    kind = str(given["Type"])
    needed = {"AFTER_SHARD_ID": "ShardId", "AT_TIMESTAMP": "Timestamp", "FROM_TIMESTAMP": "Timestamp"}.get(kind)
    for extra in {"ShardId", "Timestamp"} - {needed}:
        if given.get(extra) is not None:
            raise InvalidArgument(f"{extra} must not be specified for the ShardFilter type {kind}.")
    if needed is None:
        return {"Type": kind}
    if given.get(needed) is None:
        raise InvalidArgument(f"{needed} must be specified for the ShardFilter type {kind}.")
    value = given[needed]
    if needed == "Timestamp":
        value = sent_time_ms(context, value, "ShardFilter", "Timestamp")
    return {"Type": kind, needed: value}


def _exclusive_start(name: str | None) -> int:
    if name is None:
        return -1
    number = shard_number(name)
    if number is None:
        raise InvalidArgument(f"Invalid shard ID: {name}")
    return number


def _existing(stream: Stream, name: str) -> Shard:
    number = shard_number(name)
    if number is None or number not in stream.shards:
        who = stream.identity
        raise ResourceNotFound(f"Could not find shard {name} in stream {who.name} under account {who.account}.")
    return stream.shards.at(number)


def _resharded(stream: Stream) -> Stream:
    who = stream.identity
    if stream.settings.mode is Mode.ON_DEMAND:
        raise Validation(f"Request is invalid. Stream {who.name} under account {who.account} is in On-Demand mode.")
    return stream


def _check_target(stream: Stream, current: int, target: int) -> None:
    counts = f"Current open shard count: {current}, Target shard count: {target}"
    if target > CONFIG.shard_quota:
        raise LimitExceeded(
            f"Target shard count or number of open shards cannot be greater than {CONFIG.shard_quota}. {counts}"
        )
    if target > 2 * current:
        raise LimitExceeded(f"UpdateShardCount cannot scale up over double your current open shard count. {counts}")
    if 2 * target < current:
        raise LimitExceeded(f"UpdateShardCount cannot scale down below half your current open shard count. {counts}")
    if target > current:
        check_quota(Region.of(stream), Mode.PROVISIONED, target - current)
