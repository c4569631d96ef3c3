"""The operations on retention, mode, record size, throughput, encryption and monitoring, and on an account."""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext

from wavetank.emulator.kinesis.errors import InvalidArgument, Validation
from wavetank.emulator.kinesis.model.stream import Stream
from wavetank.emulator.kinesis.operations.boundary import Answer, named_stream, now_ms, operation, region_of, when
from wavetank.emulator.kinesis.operations.descriptions import warm_throughput
from wavetank.emulator.kinesis.operations.streams import check_quota
from wavetank.emulator.kinesis.settings import Commitment, Mode, ShardMetric, StreamSettings, shard_metrics
from wavetank.emulator.kinesis.store import Region, stream_with_arn

MOST_WARM_MIBPS = 10 * 1024


class SettingOperations:
    """The operations that change settings of a stream or of an account."""

    @operation
    def increase_stream_retention_period(
        self,
        context: RequestContext,
        retention_period_hours: int,
        stream_name: str | None = None,
        stream_arn: str | None = None,
        **_: object,
    ) -> None:
        """IncreaseStreamRetentionPeriod."""
        stream = named_stream(context, stream_name, stream_arn)
        _retain(stream, retention_period_hours, StreamSettings.increase_retention)

    @operation
    def decrease_stream_retention_period(
        self,
        context: RequestContext,
        retention_period_hours: int,
        stream_name: str | None = None,
        stream_arn: str | None = None,
        **_: object,
    ) -> None:
        """DecreaseStreamRetentionPeriod: records older than the new period are gone at once."""
        stream = named_stream(context, stream_name, stream_arn)
        _retain(stream, retention_period_hours, StreamSettings.decrease_retention)

    @operation
    def update_stream_mode(
        self,
        _context: RequestContext,
        stream_arn: str,
        stream_mode_details: dict[str, Any],
        warm_throughput_mi_bps: int | None = None,
        **_: object,
    ) -> None:
        """UpdateStreamMode: the shards stay as they are."""
        stream = stream_with_arn(stream_arn)
        mode = Mode(stream_mode_details["StreamMode"])
        if mode is not stream.settings.mode:
            region = Region.of(stream)
            check_quota(region, mode, len(stream.shards.open))
        stream.settings.mode = mode
        stream.settings.warm_throughput_mibps = warm_throughput_mi_bps if mode is Mode.ON_DEMAND else None

    @operation
    def update_max_record_size(
        self,
        context: RequestContext,
        max_record_size_in_ki_b: int,
        stream_arn: str | None = None,
        **_: object,
    ) -> None:
        """UpdateMaxRecordSize."""
        named_stream(context, None, stream_arn).settings.max_record_kib = max_record_size_in_ki_b

    @operation
    def update_stream_warm_throughput(
        self,
        context: RequestContext,
        warm_throughput_mi_bps: int,
        stream_arn: str | None = None,
        stream_name: str | None = None,
        **_: object,
    ) -> Answer:
        """UpdateStreamWarmThroughput: kept, and without effect on the shards."""
        stream = named_stream(context, stream_name, stream_arn)
        if stream.settings.mode is not Mode.ON_DEMAND:
            raise Validation("Warm throughput is only supported for data streams with the on-demand capacity mode.")
        if not region_of(context).store.commitment.is_on(now_ms()):
            raise Validation("Warm throughput needs an account that has MinimumThroughputBillingCommitment enabled.")
        if warm_throughput_mi_bps > MOST_WARM_MIBPS:
            raise InvalidArgument(f"Warm throughput cannot be greater than {MOST_WARM_MIBPS} MiBps.")
        stream.settings.warm_throughput_mibps = warm_throughput_mi_bps
        return {"StreamName": stream.name, "StreamARN": stream.identity.arn, **warm_throughput(stream)}

    @operation
    def start_stream_encryption(
        self,
        context: RequestContext,
        encryption_type: str,
        key_id: str,
        stream_name: str | None = None,
        stream_arn: str | None = None,
        **_: object,
    ) -> None:
        """StartStreamEncryption: a flag; records are not encrypted."""
        if encryption_type != "KMS":
            raise InvalidArgument(f"Encryption type {encryption_type} is not valid to start encryption with.")
        named_stream(context, stream_name, stream_arn).settings.kms_key = key_id

    @operation
    def stop_stream_encryption(
        self,
        context: RequestContext,
        encryption_type: str,  # noqa: ARG002 - required by the API, and says nothing
        key_id: str,  # noqa: ARG002 - required by the API, and says nothing
        stream_name: str | None = None,
        stream_arn: str | None = None,
        **_: object,
    ) -> None:
        """StopStreamEncryption."""
        named_stream(context, stream_name, stream_arn).settings.kms_key = None

    @operation
    def enable_enhanced_monitoring(
        self,
        context: RequestContext,
        shard_level_metrics: list[str],
        stream_name: str | None = None,
        stream_arn: str | None = None,
        **_: object,
    ) -> Answer:
        """EnableEnhancedMonitoring."""
        stream = named_stream(context, stream_name, stream_arn)
        return _monitor(stream, stream.settings.metrics | shard_metrics(shard_level_metrics))

    @operation
    def disable_enhanced_monitoring(
        self,
        context: RequestContext,
        shard_level_metrics: list[str],
        stream_name: str | None = None,
        stream_arn: str | None = None,
        **_: object,
    ) -> Answer:
        """DisableEnhancedMonitoring."""
        stream = named_stream(context, stream_name, stream_arn)
        return _monitor(stream, stream.settings.metrics - shard_metrics(shard_level_metrics))

    @operation
    def describe_account_settings(self, context: RequestContext, **_: object) -> Answer:
        """DescribeAccountSettings."""
        return _commitment(region_of(context).store.commitment)

    @operation
    def update_account_settings(
        self, context: RequestContext, minimum_throughput_billing_commitment: dict[str, Any], **_: object
    ) -> Answer:
        """UpdateAccountSettings."""
        commitment = region_of(context).store.commitment
        commitment.switch(minimum_throughput_billing_commitment["Status"] == "ENABLED", now_ms())
        return _commitment(commitment)


def _retain(stream: Stream, hours: int, change: Callable[[StreamSettings, int, str], None]) -> None:
    with stream.lock:
        change(stream.settings, hours, stream.name)
        stream.retention_changed()
        stream.expire(now_ms())


def _monitor(stream: Stream, desired: frozenset[ShardMetric]) -> Answer:
    current = stream.settings.metrics
    stream.settings.metrics = desired
    return {
        "StreamName": stream.name,
        "StreamARN": stream.identity.arn,
        "CurrentShardLevelMetrics": sorted(current),
        "DesiredShardLevelMetrics": sorted(desired),
    }


def _commitment(commitment: Commitment) -> Answer:
    times = {
        "StartedAt": commitment.started_ms,
        "EndedAt": commitment.ended_ms,
        "EarliestAllowedEndAt": commitment.earliest_end_ms,
    }
    given = {name: when(time) for name, time in times.items() if time is not None}
    return {"MinimumThroughputBillingCommitment": {"Status": commitment.status(now_ms()), **given}}
