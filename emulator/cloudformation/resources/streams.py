"""`AWS::Kinesis::Stream`.

Properties and defaults from the CloudFormation resource reference: a stream is provisioned with one shard unless its
template says otherwise.
"""

from typing import Any

from wavetank.emulator.cloudformation.resource import (
    Context,
    Model,
    Properties,
    Refused,
    Schema,
    names,
    retag,
    tags_from,
    tags_of,
)

PROVISIONED, ON_DEMAND = "PROVISIONED", "ON_DEMAND"
MIN_RETENTION_HOURS = 24
DEFAULT_RECORD_KIB = 1_024
ALL_METRICS = "ALL"


class Stream:
    """A data stream. It is compared with what is there, so that a change that failed half-way can be undone."""

    schema = Schema(
        type="AWS::Kinesis::Stream",
        identifier="Name",
        name="Name",
        longest_name=128,
        create_only=names("Name"),
        mutable=names(
            """DesiredShardLevelMetrics MaxRecordSizeInKiB RetentionPeriodHours ShardCount StreamEncryption
            StreamModeDetails Tags"""
        ),
        refused=names("RecordDistributionStrategy WarmThroughputMiBps"),
        read_only=names("Arn WarmThroughputObject"),
    )

    def make(self, context: Context, model: Model) -> Model:
        """Create the stream with its shards."""
        _check(model)
        kinesis, mode = context.clients.kinesis, _mode(model)
        shards = {"ShardCount": _shard_count(model)} if mode == PROVISIONED else {}
        kinesis.create_stream(StreamName=model["Name"], StreamModeDetails={"StreamMode": mode}, **shards)
        return {
            "Arn": kinesis.describe_stream_summary(StreamName=model["Name"])["StreamDescriptionSummary"]["StreamARN"]
        }

    def apply(self, context: Context, model: Model, _before: Properties | None) -> None:
        """Set what differs."""
        _check(model)
        kinesis, arn = context.clients.kinesis, model["Arn"]
        there = kinesis.describe_stream_summary(StreamARN=arn)["StreamDescriptionSummary"]
        for change in (_capacity, _limits, _encryption, _monitoring):
            change(kinesis, arn, there, model)
        retag(
            tags_of(model),
            tags_from(kinesis.list_tags_for_stream(StreamARN=arn)["Tags"]),
            tag=lambda tags: kinesis.add_tags_to_stream(StreamARN=arn, Tags=tags),
            untag=lambda keys: kinesis.remove_tags_from_stream(StreamARN=arn, TagKeys=keys),
        )

    def remove(self, context: Context, model: Model) -> None:
        """Delete the stream and its consumers."""
        context.clients.kinesis.delete_stream(StreamName=model["Name"], EnforceConsumerDeletion=True)

    def read(self, context: Context, model: Model, expected: Properties) -> Properties:
        """The stream as DescribeStreamSummary shows it."""
        kinesis, name = context.clients.kinesis, model["Name"]
        there = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        encryption = {"EncryptionType": there["EncryptionType"], "KeyId": there.get("KeyId")}
        described = {
            **there,
            "Name": there["StreamName"],
            "ShardCount": there["OpenShardCount"],
            "StreamEncryption": encryption if there["EncryptionType"] != "NONE" else None,
            "DesiredShardLevelMetrics": [
                metric for entry in there["EnhancedMonitoring"] for metric in entry["ShardLevelMetrics"]
            ],
        }
        if ALL_METRICS in (expected.get("DesiredShardLevelMetrics") or ()):
            described["DesiredShardLevelMetrics"] = [ALL_METRICS] if described["DesiredShardLevelMetrics"] else []
        if "Tags" in expected:
            described["Tags"] = kinesis.list_tags_for_stream(StreamName=name)["Tags"]
        return described


def _check(model: Properties) -> None:
    if _mode(model) == ON_DEMAND and model.get("ShardCount") is not None:
        raise Refused("ShardCount is not expected when StreamMode=ON_DEMAND")


def _mode(model: Properties) -> str:
    return str((model.get("StreamModeDetails") or {}).get("StreamMode") or PROVISIONED)


def _shard_count(model: Properties) -> int:
    return int(model.get("ShardCount") or 1)


def _capacity(kinesis: Any, arn: str, there: Properties, model: Properties) -> None:
    mode = _mode(model)
    if mode != there["StreamModeDetails"]["StreamMode"]:
        kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": mode})
    if mode == PROVISIONED and _shard_count(model) != there["OpenShardCount"]:
        kinesis.update_shard_count(StreamARN=arn, TargetShardCount=_shard_count(model), ScalingType="UNIFORM_SCALING")


def _limits(kinesis: Any, arn: str, there: Properties, model: Properties) -> None:
    hours = int(model.get("RetentionPeriodHours") or MIN_RETENTION_HOURS)
    if hours > there["RetentionPeriodHours"]:
        kinesis.increase_stream_retention_period(StreamARN=arn, RetentionPeriodHours=hours)
    elif hours < there["RetentionPeriodHours"]:
        kinesis.decrease_stream_retention_period(StreamARN=arn, RetentionPeriodHours=hours)
    size = int(model.get("MaxRecordSizeInKiB") or DEFAULT_RECORD_KIB)
    if size != there.get("MaxRecordSizeInKiB", DEFAULT_RECORD_KIB):
        kinesis.update_max_record_size(StreamARN=arn, MaxRecordSizeInKiB=size)


def _encryption(kinesis: Any, arn: str, there: Properties, model: Properties) -> None:
    encryption = model.get("StreamEncryption") or {}
    was = there["EncryptionType"], there.get("KeyId")
    if encryption and (encryption["EncryptionType"], encryption["KeyId"]) != was:
        kinesis.start_stream_encryption(StreamARN=arn, **encryption)
    elif not encryption and was[0] != "NONE":
        kinesis.stop_stream_encryption(StreamARN=arn, EncryptionType=was[0], KeyId=was[1])


def _monitoring(kinesis: Any, arn: str, there: Properties, model: Properties) -> None:
    was = {metric for entry in there["EnhancedMonitoring"] for metric in entry["ShardLevelMetrics"]}
    metrics = set(model.get("DesiredShardLevelMetrics") or ())
    if metrics == was or (ALL_METRICS in metrics and len(was) > len(metrics)):
        return
    if was:
        kinesis.disable_enhanced_monitoring(StreamARN=arn, ShardLevelMetrics=[ALL_METRICS])
    if metrics:
        kinesis.enable_enhanced_monitoring(StreamARN=arn, ShardLevelMetrics=sorted(metrics))
