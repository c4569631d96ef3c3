"""`AWS::Kinesis::Stream` with all its properties, and updates of them.

LocalStack's makes every stream on-demand that does not say otherwise, ignores retention, encryption, tags and
monitoring, and cannot update. Properties and defaults from the CloudFormation resource reference: a stream is
provisioned with one shard unless its template says otherwise.
"""

from collections.abc import Mapping
from typing import Any

from localstack.services.cloudformation.provider_utils import generate_default_name
from localstack.services.cloudformation.resource_provider import OperationStatus, ProgressEvent, ResourceRequest

from emulator.kinesis.settings import ALL_METRICS, DEFAULT_RECORD_KIB, MIN_RETENTION_HOURS, Mode

type Properties = Mapping[str, Any]


def create(request: ResourceRequest[Any]) -> ProgressEvent[Any]:
    """Create the stream; done at once."""
    wanted = dict(request.desired_state)
    wanted["Name"] = wanted.get("Name") or generate_default_name(
        stack_name=request.stack_name, logical_resource_id=request.logical_resource_id
    )
    kinesis = request.aws_client_factory.kinesis
    shards = {"ShardCount": _shard_count(wanted)} if _mode(wanted) is Mode.PROVISIONED else {}
    kinesis.create_stream(StreamName=wanted["Name"], StreamModeDetails={"StreamMode": _mode(wanted).value}, **shards)
    try:
        summary = kinesis.describe_stream_summary(StreamName=wanted["Name"])["StreamDescriptionSummary"]
        wanted["Arn"] = summary["StreamARN"]
        for change in (_retention, _record_size, _encryption, _monitoring, _tags):
            change(kinesis, wanted["Arn"], {}, wanted)
    except Exception:
        # CloudFormation deletes only what it was told of, and it is not told of what has failed.
        kinesis.delete_stream(StreamName=wanted["Name"])
        raise
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=wanted)


def update(request: ResourceRequest[Any]) -> ProgressEvent[Any]:
    """Change what differs."""
    before = request.previous_state
    wanted = dict(request.desired_state) | {"Name": before["Name"], "Arn": before["Arn"]}
    for change in (_capacity, _retention, _record_size, _encryption, _monitoring, _tags):
        change(request.aws_client_factory.kinesis, wanted["Arn"], before, wanted)
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=wanted)


def _mode(properties: Properties) -> Mode:
    return Mode((properties.get("StreamModeDetails") or {}).get("StreamMode") or Mode.PROVISIONED)


def _shard_count(properties: Properties) -> int:
    return int(properties.get("ShardCount") or 1)


def _capacity(kinesis: Any, arn: str, before: Properties, wanted: Properties) -> None:
    if _mode(before) is not _mode(wanted):
        kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": _mode(wanted).value})
    if _mode(wanted) is Mode.PROVISIONED and _shard_count(before) != _shard_count(wanted):
        kinesis.update_shard_count(StreamARN=arn, TargetShardCount=_shard_count(wanted), ScalingType="UNIFORM_SCALING")


def _retention(kinesis: Any, arn: str, before: Properties, wanted: Properties) -> None:
    was, hours = (int(it.get("RetentionPeriodHours") or MIN_RETENTION_HOURS) for it in (before, wanted))
    if hours > was:
        kinesis.increase_stream_retention_period(StreamARN=arn, RetentionPeriodHours=hours)
    elif hours < was:
        kinesis.decrease_stream_retention_period(StreamARN=arn, RetentionPeriodHours=hours)


def _record_size(kinesis: Any, arn: str, before: Properties, wanted: Properties) -> None:
    was, size = (int(it.get("MaxRecordSizeInKiB") or DEFAULT_RECORD_KIB) for it in (before, wanted))
    if size != was:
        kinesis.update_max_record_size(StreamARN=arn, MaxRecordSizeInKiB=size)


def _encryption(kinesis: Any, arn: str, before: Properties, wanted: Properties) -> None:
    was, encryption = before.get("StreamEncryption"), wanted.get("StreamEncryption")
    if encryption and encryption != was:
        kinesis.start_stream_encryption(StreamARN=arn, **encryption)
    elif was and not encryption:
        kinesis.stop_stream_encryption(StreamARN=arn, **was)


def _monitoring(kinesis: Any, arn: str, before: Properties, wanted: Properties) -> None:
    was, metrics = (list(it.get("DesiredShardLevelMetrics") or ()) for it in (before, wanted))
    if metrics == was:
        return
    if was:
        kinesis.disable_enhanced_monitoring(StreamARN=arn, ShardLevelMetrics=[ALL_METRICS])
    if metrics:
        kinesis.enable_enhanced_monitoring(StreamARN=arn, ShardLevelMetrics=metrics)


def _tags(kinesis: Any, arn: str, before: Properties, wanted: Properties) -> None:
    was, tags = ({tag["Key"]: tag["Value"] for tag in it.get("Tags") or ()} for it in (before, wanted))
    if gone := sorted(was.keys() - tags.keys()):
        kinesis.remove_tags_from_stream(StreamARN=arn, TagKeys=gone)
    if tags and tags != was:
        kinesis.add_tags_to_stream(StreamARN=arn, Tags=tags)
