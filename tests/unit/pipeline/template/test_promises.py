"""The promises of the pipeline that rest on numbers and switches of the template, each with its reason.

Every row is broken on purpose as well: a row that would not notice is none.
"""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from wavetank.pipeline.template.render import whole
from wavetank.pipeline.topology import load

Resources = dict[str, dict[str, Any]]
LEAST = {
    "processor": (60, 512),
    "partitioner": (120, 1024),
    "rescuer": (60, 512),
    "replayer": (600, 256),
    "planner": (300, 512),
    "concatenator": (900, 2048),
}
"""Seconds and MiB for the most that a function is given at once: a batch, a chunk, what is listed, a partition."""
GONE = object()
HOUR_S, DAY_S, DAY_H = 3_600, 86_400, 24
LOOK_BACK_H = 12
"""Hours after its event time within which an event is merged without anybody asking."""


@dataclass(frozen=True)
class Promise:
    """`sentence` says what holds and why; `breaks`: edits (resource, path, value) that it forbids."""

    sentence: str
    holds: Callable[[Resources], bool]
    breaks: tuple[tuple[str, str, object], ...]


def of(resources: Resources, kind: str) -> list[dict[str, Any]]:
    """The properties of every resource of a type; there is at least one."""
    chosen = [resource["Properties"] for resource in resources.values() if resource["Type"] == f"AWS::{kind}"]
    assert chosen, kind
    return chosen


def properties(name: str) -> Callable[[Resources], dict[str, Any]]:
    return lambda resources: resources.get(name, {"Properties": {}})["Properties"]


def rule(resources: Resources, prefix: str) -> dict[str, Any]:
    """The rule of the data bucket's life cycle for what is below `prefix`."""
    rules = properties("DataBucket")(resources)["LifecycleConfiguration"]["Rules"]
    return next((rule for rule in rules if rule.get("Prefix") == prefix), {})


def every(resources: Resources, kind: str, test: Callable[[dict[str, Any]], bool]) -> bool:
    return all(test(one) for one in of(resources, kind))


def timeout_of(resources: Resources, reference: dict[str, str]) -> int:
    return int(resources[reference["Ref"]]["Properties"]["Timeout"])


def tagged(resources: Resources, prefix: str, key: str) -> bool:
    """Whether only what carries a tag expires below `prefix`, and not before the longest time that it is needed."""
    found = rule(resources, prefix)
    tags = [tag["Key"] for tag in found.get("TagFilters", ())]
    return tags == [key] and found.get("ExpirationInDays", 0) * DAY_H > 2 * LOOK_BACK_H


def stream_sources(resources: Resources) -> Iterable[dict[str, Any]]:
    return [one for one in of(resources, "Lambda::EventSourceMapping") if "StartingPosition" in one]


def alarm(resources: Resources, name: str, **wanted: object) -> bool:
    actual = properties(name)(resources)
    return all(actual.get(field) == value for field, value in wanted.items())


PROMISES = (
    Promise(
        "a batch that is given up is in the stream for as long again, so that the rescuer can fetch it",
        lambda r: (
            all(
                0
                < source["MaximumRecordAgeInSeconds"] * 2
                <= r["ClickRawStream"]["Properties"]["RetentionPeriodHours"] * HOUR_S
                for source in stream_sources(r)
            )
            and every(r, "Kinesis::Stream", lambda stream: stream["RetentionPeriodHours"] >= DAY_H)
        ),
        (
            ("ClickSource", "MaximumRecordAgeInSeconds", DAY_S),
            ("ClickSource", "MaximumRecordAgeInSeconds", -1),
            ("ClickProcessedStream", "RetentionPeriodHours", 12),
        ),
    ),
    Promise(
        "nothing that was put before the function existed is passed over",
        lambda r: all(source["StartingPosition"] == "TRIM_HORIZON" for source in stream_sources(r)),
        (("ClickSource", "StartingPosition", "LATEST"),),
    ),
    Promise(
        "a batch is tried again until it is too old, in halves, and is then told of where the rescuer looks",
        lambda r: all(
            source["MaximumRetryAttempts"] == -1
            and source["BisectBatchOnFunctionError"]
            and source["DestinationConfig"] == {"OnFailure": {"Destination": {"Fn::GetAtt": ["DataBucket", "Arn"]}}}
            for source in stream_sources(r)
        ),
        (
            ("ClickSource", "MaximumRetryAttempts", 3),
            ("ClickSource", "BisectBatchOnFunctionError", False),
            ("ClickSource", "DestinationConfig", {}),
        ),
    ),
    Promise(
        "records of a stream are read in order by one reader a shard, so that copies stay in order",
        lambda r: all(source.get("ParallelizationFactor", 1) == 1 for source in stream_sources(r)),
        (("ClickSource", "ParallelizationFactor", 4),),
    ),
    Promise(
        "a message stays hidden six times as long as a merge may take, as Lambda's guide for SQS asks",
        lambda r: (
            properties("MergeQueue")(r)["VisibilityTimeout"]
            >= 6 * timeout_of(r, properties("ConcatenatorSource")(r)["FunctionName"])
        ),
        (("MergeQueue", "VisibilityTimeout", 900), ("Concatenator", "Timeout", 901)),
    ),
    Promise(
        "a merge that fails is tried five times, then kept for as long as SQS keeps anything, and an alarm rings",
        lambda r: (
            properties("MergeQueue")(r)["RedrivePolicy"]["maxReceiveCount"] >= 5
            and properties("DeadMergeQueue")(r)["MessageRetentionPeriod"] == 14 * DAY_S
            and alarm(
                r,
                "DeadMergesAlarm",
                MetricName="ApproximateNumberOfMessagesVisible",
                Statistic="Maximum",
                Threshold=0,
                ComparisonOperator="GreaterThanThreshold",
                Dimensions=[{"Name": "QueueName", "Value": properties("DeadMergeQueue")(r)["QueueName"]}],
            )
        ),
        (
            ("MergeQueue", "RedrivePolicy.maxReceiveCount", 1),
            ("DeadMergeQueue", "MessageRetentionPeriod", 345_600),
            ("DeadMergesAlarm", "Statistic", "Average"),
            ("DeadMergesAlarm", "Threshold", 100),
            ("DeadMergesAlarm", "ComparisonOperator", "LessThanThreshold"),
            ("DeadMergesAlarm", "Dimensions", [{"Name": "QueueName", "Value": "wavetank-merges"}]),
        ),
    ),
    Promise(
        "of a batch of merges only those that failed come again",
        lambda r: properties("ConcatenatorSource")(r).get("FunctionResponseTypes") == ["ReportBatchItemFailures"],
        (("ConcatenatorSource", "FunctionResponseTypes", GONE),),
    ),
    Promise(
        "an hour is planned at least once while it is in the look-back, and every hour in fact",
        lambda r: (
            properties("PlannerSchedule")(r)["ScheduleExpression"] == "cron(5 * * * ? *)"
            and properties("Planner")(r)["Environment"]["Variables"]["LOOK_BACK_HOURS"] == str(LOOK_BACK_H)
        ),
        (
            ("PlannerSchedule", "ScheduleExpression", "cron(5 0 * * ? *)"),
            ("PlannerSchedule", "ScheduleExpression", "rate(1 day)"),
            ("Planner", "Environment.Variables.LOOK_BACK_HOURS", "1"),
        ),
    ),
    Promise(
        "a chunk that nobody announced is found within the look-back, once its notification is surely not on the way",
        lambda r: (
            properties("ReplayerSchedule")(r)["ScheduleExpression"] == "rate(15 minutes)"
            and properties("Replayer")(r)["Environment"]["Variables"]["LOOK_BACK_HOURS"] == str(LOOK_BACK_H)
            and 5 <= int(properties("Replayer")(r)["Environment"]["Variables"]["CHUNK_GRACE_MINUTES"]) <= 60
        ),
        (
            ("ReplayerSchedule", "ScheduleExpression", "rate(15 days)"),
            ("Replayer", "Environment.Variables.CHUNK_GRACE_MINUTES", "0"),
            ("Replayer", "Environment.Variables.LOOK_BACK_HOURS", "2"),
        ),
    ),
    Promise(
        "only chunks that are partitioned expire, and only parts that are merged, and not before the look-back is over",
        lambda r: tagged(r, "chunks/", "wavetank-partitioned") and tagged(r, "parts/", "wavetank-merged"),
        (
            ("DataBucket", "LifecycleConfiguration.Rules.0.TagFilters", GONE),
            ("DataBucket", "LifecycleConfiguration.Rules.0.ExpirationInDays", 1),
            ("DataBucket", "LifecycleConfiguration.Rules.1.TagFilters", GONE),
            ("DataBucket", "LifecycleConfiguration.Rules.1.Prefix", "p"),
        ),
    ),
    Promise(
        "quarantine expires only when it is spent, and no rule reaches data of record, late parts or id indexes",
        lambda r: (
            tagged(r, "quarantine/", "wavetank-spent")
            and {
                one.get("Prefix")
                for one in properties("DataBucket")(r)["LifecycleConfiguration"]["Rules"]
                if "ExpirationInDays" in one
            }
            == {"chunks/", "parts/", "quarantine/", "aws/lambda/"}
        ),
        (
            ("DataBucket", "LifecycleConfiguration.Rules.2.TagFilters", GONE),
            ("DataBucket", "LifecycleConfiguration.Rules.3.Prefix", "a"),
            ("DataBucket", "LifecycleConfiguration.Rules.3.Prefix", GONE),
        ),
    ),
    Promise(
        "an alarm rings for a processor that is behind, long before its records are too old: in milliseconds, at most",
        lambda r: all(
            one.get("Threshold") == 15 * 60 * 1_000
            and (one["MetricName"], one["Statistic"]) == ("IteratorAge", "Maximum")
            and one["ComparisonOperator"] == "GreaterThanThreshold"
            and one["Period"] * one["EvaluationPeriods"] <= 900
            for name in ("ClickBehindAlarm", "ConversionBehindAlarm", "ImpressionBehindAlarm")
            for one in (properties(name)(r),)
        ),
        (
            ("ClickBehindAlarm", "Threshold", 900),
            ("ClickBehindAlarm", "Statistic", "Minimum"),
            ("ClickBehindAlarm", "Period", 3600),
            ("ClickBehindAlarm", "MetricName", "Duration"),
        ),
    ),
    Promise(
        "a function has the time and the memory that the most it is given at once takes",
        lambda r: all(
            function["Timeout"] >= LEAST[name][0] and function["MemorySize"] >= LEAST[name][1]
            for function in of(r, "Lambda::Function")
            for name in (function["Handler"].split(".")[-2],)
        ),
        (
            ("ClickProcessor", "Timeout", 3),
            ("ClickProcessor", "MemorySize", 128),
            ("Partitioner", "Timeout", 60),
            ("Partitioner", "MemorySize", 512),
            ("Replayer", "Timeout", 60),
            ("Planner", "Timeout", 3),
            ("Rescuer", "MemorySize", 128),
            ("Concatenator", "Timeout", 300),
            ("Concatenator", "MemorySize", 512),
        ),
    ),
    Promise(
        "the function that merges has all the room in /tmp that there is, and no other function pays for more",
        lambda r: (
            [function for function in of(r, "Lambda::Function") if "EphemeralStorage" in function]
            == [properties("Concatenator")(r)]
            and properties("Concatenator")(r)["EphemeralStorage"] == {"Size": 10_240}
        ),
        (
            ("Concatenator", "EphemeralStorage", GONE),
            ("Concatenator", "EphemeralStorage.Size", 512),
            ("ClickProcessor", "EphemeralStorage", {"Size": 10_240}),
        ),
    ),
    Promise(
        "every stream and queue is encrypted",
        lambda r: (
            every(r, "Kinesis::Stream", lambda stream: stream["StreamEncryption"]["EncryptionType"] == "KMS")
            and every(r, "SQS::Queue", lambda queue: queue.get("SqsManagedSseEnabled") is True)
        ),
        (("MergeQueue", "SqsManagedSseEnabled", False), ("ClickRawStream", "StreamEncryption.EncryptionType", "NONE")),
    ),
    Promise(
        "no bucket is open to the public, each refuses what is not encrypted on the way, and none goes with the stack",
        lambda r: (
            every(r, "S3::Bucket", lambda bucket: list(bucket["PublicAccessBlockConfiguration"].values()) == [True] * 4)
            and sum(resource["Type"] == "AWS::S3::BucketPolicy" for resource in r.values()) == len(of(r, "S3::Bucket"))
            and all(
                statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
                for policy in of(r, "S3::BucketPolicy")
                for statement in policy["PolicyDocument"]["Statement"]
            )
            and all(
                resource.get("DeletionPolicy") == "RetainExceptOnCreate"
                and resource.get("UpdateReplacePolicy") == "Retain"
                for resource in r.values()
                if resource["Type"] == "AWS::S3::Bucket"
            )
        ),
        (
            ("DataBucket", "PublicAccessBlockConfiguration.BlockPublicPolicy", False),
            ("DataBucketPolicy", "PolicyDocument.Statement.0.Effect", "Allow"),
            ("DataBucketPolicy", "PolicyDocument.Statement.0.Condition", {}),
            ("DataBucket", "../DeletionPolicy", "Delete"),
            ("RegistryBucket", "../UpdateReplacePolicy", GONE),
        ),
    ),
    Promise(
        "who invokes a function by a resource policy is one source of this account, not a whole service",
        lambda r: (
            every(r, "Lambda::Permission", lambda permission: "SourceArn" in permission)
            and every(
                r,
                "Lambda::Permission",
                lambda permission: permission["Principal"] != "s3.amazonaws.com" or "SourceAccount" in permission,
            )
        ),
        (("RescuerInvoke", "SourceAccount", GONE), ("PartitionerInvoke", "SourceArn", GONE)),
    ),
    Promise(
        "a new chunk is announced to the partitioner, and a failure document to the rescuer, each by its own folder",
        lambda r: (
            properties("DataBucket")(r)["NotificationConfiguration"]
            == {
                "TopicConfigurations": [_notice("Topic", {"Ref": "ChunkTopic"}, "chunks/")],
                "LambdaConfigurations": [_notice("Function", {"Fn::GetAtt": ["Rescuer", "Arn"]}, "aws/lambda/")],
            }
        ),
        (
            ("DataBucket", "NotificationConfiguration.TopicConfigurations", []),
            ("DataBucket", "NotificationConfiguration.TopicConfigurations.0.Event", "s3:ObjectCreated:Put"),
            ("DataBucket", "NotificationConfiguration.LambdaConfigurations", GONE),
        ),
    ),
    Promise(
        "a chunk is delivered as it came, small and soon enough for one partitioner",
        lambda r: every(
            r,
            "KinesisFirehose::DeliveryStream",
            lambda stream: (
                stream["ExtendedS3DestinationConfiguration"]["CompressionFormat"] == "UNCOMPRESSED"
                and stream["ExtendedS3DestinationConfiguration"]["BufferingHints"]["SizeInMBs"] <= 16
                and stream["ExtendedS3DestinationConfiguration"]["BufferingHints"]["IntervalInSeconds"] <= 300
            ),
        ),
        (
            ("ClickDelivery", "ExtendedS3DestinationConfiguration.CompressionFormat", "GZIP"),
            ("ClickDelivery", "ExtendedS3DestinationConfiguration.BufferingHints.SizeInMBs", 128),
        ),
    ),
    Promise(
        "every delivery and every source of an event type leads from its own stream to its own folder or function",
        lambda r: all(
            f"chunks/{name.lower()}/"
            == properties(f"{name}Delivery")(r)["ExtendedS3DestinationConfiguration"]["Prefix"]
            and properties(f"{name}Delivery")(r)["KinesisStreamSourceConfiguration"]["KinesisStreamARN"]
            == {"Fn::GetAtt": [f"{name}ProcessedStream", "Arn"]}
            and properties(f"{name}Source")(r)["EventSourceArn"] == {"Fn::GetAtt": [f"{name}RawStream", "Arn"]}
            and properties(f"{name}Source")(r)["FunctionName"] == {"Ref": f"{name}Processor"}
            for name in ("Click", "Conversion", "Impression")
        ),
        (
            ("ClickDelivery", "ExtendedS3DestinationConfiguration.Prefix", "chunks/conversion/"),
            ("ClickSource", "EventSourceArn", {"Fn::GetAtt": ["ClickProcessedStream", "Arn"]}),
        ),
    ),
    Promise(
        "a delivery reads its stream before anything is put there, and what it cannot deliver is no chunk",
        lambda r: all(
            f"{name}Delivery" in r[f"{name}Source"].get("DependsOn", ())
            and not properties(f"{name}Delivery")(r)["ExtendedS3DestinationConfiguration"][
                "ErrorOutputPrefix"
            ].startswith("chunks/")
            for name in ("Click", "Conversion", "Impression")
        ),
        (
            ("ClickSource", "../DependsOn", GONE),
            ("ClickSource", "../DependsOn", ["ClickRawStream"]),
            ("ClickDelivery", "ExtendedS3DestinationConfiguration.ErrorOutputPrefix", "chunks/click/errors/"),
        ),
    ),
)


def _notice(target: str, reference: object, prefix: str) -> dict[str, object]:
    filtered = {"S3Key": {"Rules": [{"Name": "prefix", "Value": prefix}]}}
    return {"Event": "s3:ObjectCreated:*", target: reference, "Filter": filtered}


@pytest.fixture(scope="module")
def resources(root: Path) -> Resources:
    rendered: Resources = whole(load(root / "schemas"))["Resources"]
    return rendered


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.sentence)
def test_the_template_keeps_its_promise(resources: Resources, promise: Promise) -> None:
    assert promise.holds(resources), promise.sentence


@pytest.mark.parametrize(
    ("promise", "edit"), [(promise, edit) for promise in PROMISES for edit in promise.breaks], ids=lambda _: ""
)
def test_a_template_that_breaks_a_promise_is_noticed(
    resources: Resources, promise: Promise, edit: tuple[str, str, object]
) -> None:
    broken = deepcopy(resources)
    name, path, value = edit
    node: Any = broken[name] if path.startswith("../") else broken[name]["Properties"]
    *steps, last = path.removeprefix("../").split(".")
    for step in steps:
        node = node[int(step)] if isinstance(node, list) else node[step]
    if value is GONE:
        del node[last]
    else:
        node[last] = value
    assert not promise.holds(broken), f"not noticed: {edit}"
