"""The operations that create, delete, describe and list streams, and the limits of an account."""

from typing import Any

from localstack.aws.api import RequestContext
from localstack.utils.aws.arns import kinesis_stream_arn

from wavetank.emulator.kinesis.config import CONFIG
from wavetank.emulator.kinesis.errors import InvalidArgument, LimitExceeded, ResourceInUse, Validation
from wavetank.emulator.kinesis.model.shards import ShardSet, StreamIdentity, shard_number
from wavetank.emulator.kinesis.model.stream import Stream
from wavetank.emulator.kinesis.operations.boundary import Answer, named_stream, now_ms, operation, region_of
from wavetank.emulator.kinesis.operations.descriptions import (
    shard_description,
    stream_description,
    stream_summary,
    warm_throughput,
)
from wavetank.emulator.kinesis.operations.tags import check_tags
from wavetank.emulator.kinesis.settings import DEFAULT_RECORD_KIB, Mode, StreamSettings
from wavetank.emulator.kinesis.store import CREATIONS, EPOCHS, Region
from wavetank.emulator.runtime.doorbell import STREAM_WRITES

ON_DEMAND_SHARDS = 4
DEFAULT_STREAMS_LISTED = 100
DEFAULT_SHARDS_DESCRIBED = 100


class StreamOperations:
    """The operations on the life of a stream."""

    @operation
    def create_stream(
        self,
        context: RequestContext,
        stream_name: str,
        shard_count: int | None = None,
        stream_mode_details: dict[str, Any] | None = None,
        tags: dict[str, str] | None = None,
        warm_throughput_mi_bps: int | None = None,
        max_record_size_in_ki_b: int | None = None,
        **_: object,
    ) -> None:
        """CreateStream: the stream is active at once. Without a shard count it is on-demand."""
        region = region_of(context)
        given = (stream_mode_details or {}).get("StreamMode")
        mode = Mode(given or (Mode.PROVISIONED if shard_count else Mode.ON_DEMAND))
        if mode is Mode.PROVISIONED and shard_count is None:
            raise Validation("ShardCount is required for a stream in provisioned mode.")
        shards = shard_count or ON_DEMAND_SHARDS
        check_tags(tags or {}, {})
        if stream_name not in region.store.streams:
            check_quota(region, mode, shards)
        settings = StreamSettings(
            mode=mode,
            max_record_kib=max_record_size_in_ki_b or DEFAULT_RECORD_KIB,
            warm_throughput_mibps=warm_throughput_mi_bps,
            tags=dict(tags or {}),
        )
        arn = kinesis_stream_arn(stream_name, region.account, region.name)
        who = StreamIdentity(
            account=region.account,
            region=region.name,
            name=stream_name,
            arn=arn,
            created_ms=CREATIONS.next(now_ms()),
        )
        region.add(Stream(who, ShardSet.founded(who, shards, EPOCHS), settings))

    @operation
    def delete_stream(
        self,
        context: RequestContext,
        stream_name: str | None = None,
        enforce_consumer_deletion: bool | None = None,
        stream_arn: str | None = None,
        **_: object,
    ) -> None:
        """DeleteStream: the stream is gone at once."""
        stream = named_stream(context, stream_name, stream_arn)
        who = stream.identity
        if len(stream.consumers) and not enforce_consumer_deletion:
            raise ResourceInUse(
                f"Stream {who.name} under account {who.account} has {len(stream.consumers)} consumers. "
                "Use EnforceConsumerDeletion to delete the stream together with its consumers."
            )
        Region.of(stream).remove(stream)
        STREAM_WRITES.ring(who.arn)

    @operation
    def describe_stream(
        self,
        context: RequestContext,
        stream_name: str | None = None,
        limit: int | None = None,
        exclusive_start_shard_id: str | None = None,
        stream_arn: str | None = None,
        **_: object,
    ) -> Answer:
        """DescribeStream."""
        stream = named_stream(context, stream_name, stream_arn)
        with stream.lock:
            stream.expire(now_ms())
            shards = list(stream.shards)
        if exclusive_start_shard_id is not None:
            start = shard_number(exclusive_start_shard_id)
            if start is None:
                raise InvalidArgument(f"Invalid ExclusiveStartShardId: {exclusive_start_shard_id}")
            shards = [shard for shard in shards if shard.number > start]
        page = shards[: limit or DEFAULT_SHARDS_DESCRIBED]
        described = stream_description(stream) | {
            "Shards": [shard_description(shard) for shard in page],
            "HasMoreShards": len(page) < len(shards),
        }
        return {"StreamDescription": described}

    @operation
    def describe_stream_summary(
        self,
        context: RequestContext,
        stream_name: str | None = None,
        stream_arn: str | None = None,
        **_: object,
    ) -> Answer:
        """DescribeStreamSummary."""
        stream = named_stream(context, stream_name, stream_arn)
        summary = stream_description(stream) | warm_throughput(stream)
        summary |= {
            "OpenShardCount": len(stream.shards.open),
            "ConsumerCount": len(stream.consumers),
            "MaxRecordSizeInKiB": stream.settings.max_record_kib,
        }
        return {"StreamDescriptionSummary": summary}

    @operation
    def list_streams(
        self,
        context: RequestContext,
        limit: int | None = None,
        exclusive_start_stream_name: str | None = None,
        next_token: str | None = None,
        **_: object,
    ) -> Answer:
        """ListStreams: the token is the name of the last stream of the page before."""
        start = next_token or exclusive_start_stream_name or ""
        streams = [stream for stream in region_of(context).streams() if stream.name > start]
        page = streams[: limit or DEFAULT_STREAMS_LISTED]
        answer: Answer = {
            "StreamNames": [stream.name for stream in page],
            "StreamSummaries": [stream_summary(stream) for stream in page],
            "HasMoreStreams": len(page) < len(streams),
        }
        return answer | {"NextToken": page[-1].name} if answer["HasMoreStreams"] else answer

    @operation
    def describe_limits(self, context: RequestContext, **_: object) -> Answer:
        """DescribeLimits."""
        region = region_of(context)
        return {
            "ShardLimit": CONFIG.shard_quota,
            "OpenShardCount": open_shards(region),
            "OnDemandStreamCount": on_demand_streams(region),
            "OnDemandStreamCountLimit": CONFIG.on_demand_quota,
        }


def check_quota(region: Region, mode: Mode, more_shards: int) -> None:
    """Raise LimitExceeded when the account has no room for more shards, or for one more on-demand stream."""
    if mode is Mode.ON_DEMAND:
        if on_demand_streams(region) >= CONFIG.on_demand_quota:
            raise LimitExceeded(
                f"This request would exceed the on-demand stream limit for the account {region.account} in "
                f"{region.name}. Limit: {CONFIG.on_demand_quota}."
            )
        return
    used = open_shards(region)
    if used + more_shards > CONFIG.shard_quota:
        raise LimitExceeded(
            f"This request would exceed the shard limit for the account {region.account} in {region.name}. "
            f"Current shard count for the account: {used}. Limit: {CONFIG.shard_quota}. Number of additional shards "
            f"that would have resulted from this request: {more_shards}. Refer to the AWS Service Limits page "
            "(http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to "
            "request higher limits."
        )


def open_shards(region: Region) -> int:
    """The number of open shards of provisioned streams, which count against the account's quota."""
    return sum(len(stream.shards.open) for stream in region.streams() if stream.settings.mode is Mode.PROVISIONED)


def on_demand_streams(region: Region) -> int:
    """The number of on-demand streams of the account."""
    return sum(stream.settings.mode is Mode.ON_DEMAND for stream in region.streams())
