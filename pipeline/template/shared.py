"""What components share, as CloudFormation resources: partitioner, rescuer, replayer, planner and concatenator."""

from typing import Any

from wavetank.pipeline import topology
from wavetank.pipeline.names import Names
from wavetank.pipeline.template import buckets, functions, permissions
from wavetank.pipeline.template.functions import CODEC_LAYER, COLUMNS_LAYER
from wavetank.pipeline.template.logical import logical
from wavetank.pipeline.template.permissions import DATA, DEAD_MERGES, MERGES, REGISTRY
from wavetank.pipeline.topology import Topology

Resources = dict[str, dict[str, Any]]

PLANNER_SCHEDULE = "cron(5 * * * ? *)"
MERGE_TIMEOUT_S = 900
MERGES_AT_ONCE = 10
REPLAYER_SCHEDULE = "rate(15 minutes)"


def shared(deployed: Topology) -> Resources:
    """Layers, buckets, the topic, and the functions that all event types share."""
    names = deployed.names
    return {
        **functions.layers(names),
        **buckets.buckets(names),
        **buckets.chunk_topic(names),
        **_partitioner(names),
        **_rescuer(deployed),
        **_concatenator(names),
        **_ticked(names),
    }


def _partitioner(names: Names) -> Resources:
    spec = functions.FunctionSpec(
        "Partitioner",
        names.partitioner,
        "partitioner",
        memory_mib=1024,
        timeout_s=300,
        variables={
            "REGISTRY_BUCKET": {"Ref": REGISTRY},
            "DATA_BUCKET": {"Ref": DATA},
            "HASH_BUCKETS": str(topology.HASH_BUCKETS),
        },
        statements=permissions.partitioner(),
        layers=(CODEC_LAYER, COLUMNS_LAYER),
    )
    return {
        **functions.function(spec),
        "PartitionerSubscription": {
            "Type": "AWS::SNS::Subscription",
            "DependsOn": ["PartitionerInvoke"],
            "Properties": {
                "TopicArn": {"Ref": "ChunkTopic"},
                "Protocol": "lambda",
                "Endpoint": {"Fn::GetAtt": ["Partitioner", "Arn"]},
            },
        },
        "PartitionerInvoke": functions.permission("Partitioner", "sns.amazonaws.com", {"Ref": "ChunkTopic"}),
    }


def _rescuer(deployed: Topology) -> Resources:
    streams = [f"{logical(event.name)}RawStream" for event in deployed.events]
    spec = functions.FunctionSpec(
        "Rescuer",
        deployed.names.rescuer,
        "rescuer",
        memory_mib=512,
        timeout_s=300,
        variables={"NAME_PREFIX": deployed.names.prefix},
        statements=permissions.rescuer(deployed.names, streams),
    )
    source = {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::{deployed.names.data_bucket('${AWS::AccountId}')}"}
    invoke = functions.permission("Rescuer", "s3.amazonaws.com", source, of_account=True)
    return {**functions.function(spec), "RescuerInvoke": invoke}


def _ticked(names: Names) -> Resources:
    """The functions that a schedule calls."""
    replayer = functions.FunctionSpec(
        "Replayer",
        names.replayer,
        "replayer",
        memory_mib=256,
        timeout_s=900,
        variables={
            "DATA_BUCKET": {"Ref": DATA},
            "CHUNK_TOPIC_ARN": {"Ref": "ChunkTopic"},
            "LOOK_BACK_HOURS": str(topology.LOOK_BACK_HOURS),
            "CHUNK_GRACE_MINUTES": str(topology.CHUNK_GRACE_MINUTES),
        },
        statements=permissions.replayer(),
    )
    planner = functions.FunctionSpec(
        "Planner",
        names.planner,
        "planner",
        memory_mib=512,
        timeout_s=300,
        variables={
            "DATA_BUCKET": {"Ref": DATA},
            "REGISTRY_BUCKET": {"Ref": REGISTRY},
            "MERGE_QUEUE_URL": {"Ref": MERGES},
            "DEAD_MERGE_QUEUE_URL": {"Ref": DEAD_MERGES},
            "LOOK_BACK_HOURS": str(topology.LOOK_BACK_HOURS),
        },
        statements=permissions.planner(),
        layers=(CODEC_LAYER, COLUMNS_LAYER),
    )
    return _scheduled(replayer, REPLAYER_SCHEDULE) | _scheduled(planner, PLANNER_SCHEDULE)


def _concatenator(names: Names) -> Resources:
    """The function that merges, and the queue that it takes its work from."""
    spec = functions.FunctionSpec(
        "Concatenator",
        names.concatenator,
        "concatenator",
        memory_mib=2048,
        timeout_s=MERGE_TIMEOUT_S,
        variables={"DATA_BUCKET": {"Ref": DATA}, "REGISTRY_BUCKET": {"Ref": REGISTRY}},
        statements=permissions.concatenator(),
        layers=(CODEC_LAYER, COLUMNS_LAYER),
    )
    return {
        **functions.merges(names, MERGE_TIMEOUT_S),
        **functions.function(spec),
        "ConcatenatorSource": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": [MERGES, "Arn"]},
                "FunctionName": {"Ref": "Concatenator"},
                "BatchSize": MERGES_AT_ONCE,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "ScalingConfig": {"MaximumConcurrency": {"Ref": "MergeConcurrency"}},
            },
        },
    }


def _scheduled(spec: functions.FunctionSpec, schedule: str) -> Resources:
    rule = f"{spec.logical_id}Schedule"
    return {
        **functions.function(spec),
        rule: {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Name": f"{spec.name}-schedule",
                "ScheduleExpression": schedule,
                "State": {"Ref": "ScheduleState"},
                "Targets": [{"Id": spec.name, "Arn": {"Fn::GetAtt": [spec.logical_id, "Arn"]}}],
            },
        },
        f"{spec.logical_id}Invoke": functions.permission(
            spec.logical_id, "events.amazonaws.com", {"Fn::GetAtt": [rule, "Arn"]}
        ),
    }
