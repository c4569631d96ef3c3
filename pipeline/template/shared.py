"""What components share, as CloudFormation resources: partitioner, rescuer, replayer, planner and concatenator."""

import json
from typing import Any

from wavetank.pipeline import topology
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.names import by_event
from wavetank.pipeline.template import alarms, buckets, dumpers, functions, permissions
from wavetank.pipeline.template.functions import CODEC_LAYER, COLUMNS_LAYER
from wavetank.pipeline.template.logical import logical
from wavetank.pipeline.template.outage import CATCH_UP
from wavetank.pipeline.template.permissions import DATA, DEAD_MERGES, MERGES, REGISTRY
from wavetank.pipeline.template.tags import tagged
from wavetank.pipeline.topology import Topology

Resources = dict[str, dict[str, Any]]

MOST_SETTINGS_BYTES = 3_584
"""A function's environment holds 4 kB (Lambda developer guide, "Quotas"), and the other variables are in it as well."""
PLANNER_SCHEDULE = "cron(5 * * * ? *)"
MERGE_TIMEOUT_S = 900
MERGE_TEMPORARY_MIB = 10_240
"""The most that there is. A merge puts the Avro file before, both files after, and the records of an hour and bucket in
`/tmp`: some 6 GB at a load that fills two shards, and more where events were delivered again."""
MERGES_AT_ONCE = 10
REPLAYER_SCHEDULE = "rate(15 minutes)"


def shared(deployed: Topology) -> Resources:
    """Layers, buckets, the topic, and the functions that all event types share."""
    names = deployed.names
    resources = {
        **functions.layers(names, bool(deployed.databases)),
        **buckets.buckets(deployed),
        **buckets.chunk_topic(names),
        **_partitioner(deployed),
        **_rescuer(deployed),
        **_concatenator(deployed),
        **_ticked(deployed),
    }
    resources |= alarms.of_shared(deployed, resources)
    return tagged(resources, deployed, deployed.default) | dumpers.dumpers(deployed)


def _of_each(deployed: Topology, variable: str, setting: str) -> dict[str, str]:
    """A setting of every event type as variables: what is usual, and as JSON what others have instead.

    Raises ConfigurationError where more event types differ than there is room for.
    """
    usual = getattr(deployed.default, setting)
    components = {event.name: event.component for event in deployed.events} | dict(deployed.departed)
    others = {name: getattr(component, setting) for name, component in components.items()}
    own = {name: value for name, value in others.items() if value != usual}
    text = json.dumps(own, separators=(",", ":"))
    if len(text) > MOST_SETTINGS_BYTES:
        raise ConfigurationError(
            f"{len(own)} event types have {setting} other than {usual}, which is more than the environment of a "
            f"function holds ({len(text):,} bytes, {MOST_SETTINGS_BYTES:,} at most): set what most of them have under "
            "[defaults] in wavetank.toml"
        )
    return {variable: str(usual), **({by_event(variable): text} if own else {})}


def _partitioner(deployed: Topology) -> Resources:
    names = deployed.names
    spec = functions.FunctionSpec(
        "Partitioner",
        names.partitioner,
        "partitioner",
        memory_mib=1024,
        timeout_s=300,
        variables={
            "REGISTRY_BUCKET": {"Ref": REGISTRY},
            "DATA_BUCKET": {"Ref": DATA},
            **_of_each(deployed, "HASH_BUCKETS", "hash_buckets"),
        },
        statements=permissions.partitioner(),
        logs=deployed.default.logs,
        layers=(CODEC_LAYER, COLUMNS_LAYER),
    )
    return {
        **functions.function(spec, names),
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
    names = deployed.names
    streams = [f"{logical(event.name)}RawStream" for event in deployed.events]
    spec = functions.FunctionSpec(
        "Rescuer",
        names.rescuer,
        "rescuer",
        memory_mib=512,
        timeout_s=300,
        variables={"NAME_PREFIX": names.prefix},
        statements=permissions.rescuer(names, streams, tuple(deployed.departed)),
        logs=deployed.default.logs,
    )
    source = permissions.data_bucket(names)
    invoke = functions.permission("Rescuer", "s3.amazonaws.com", source, of_account=True)
    return {**functions.function(spec, names), "RescuerInvoke": invoke}


def _ticked(deployed: Topology) -> Resources:
    """The functions that a schedule calls."""
    names = deployed.names
    replayer = functions.FunctionSpec(
        "Replayer",
        names.replayer,
        "replayer",
        memory_mib=256,
        timeout_s=900,
        variables={
            "DATA_BUCKET": {"Ref": DATA},
            "CHUNK_TOPIC_ARN": {"Ref": "ChunkTopic"},
            **_of_each(deployed, "LOOK_BACK_HOURS", "look_back_hours"),
            CATCH_UP: "0",
            "CHUNK_GRACE_MINUTES": str(topology.CHUNK_GRACE_MINUTES),
        },
        statements=permissions.replayer(),
        logs=deployed.default.logs,
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
            **_of_each(deployed, "LOOK_BACK_HOURS", "look_back_hours"),
            CATCH_UP: "0",
        },
        statements=permissions.planner(),
        logs=deployed.default.logs,
        layers=(CODEC_LAYER, COLUMNS_LAYER),
    )
    return functions.scheduled(replayer, REPLAYER_SCHEDULE, names) | functions.scheduled(
        planner, PLANNER_SCHEDULE, names
    )


def _concatenator(deployed: Topology) -> Resources:
    """The function that merges, and the queue that it takes its work from."""
    names = deployed.names
    spec = functions.FunctionSpec(
        "Concatenator",
        names.concatenator,
        "concatenator",
        memory_mib=2048,
        timeout_s=MERGE_TIMEOUT_S,
        temporary_mib=MERGE_TEMPORARY_MIB,
        variables={"DATA_BUCKET": {"Ref": DATA}, "REGISTRY_BUCKET": {"Ref": REGISTRY}},
        statements=permissions.concatenator(),
        logs=deployed.default.logs,
        layers=(CODEC_LAYER, COLUMNS_LAYER),
    )
    return {
        **functions.merges(names, MERGE_TIMEOUT_S),
        **functions.function(spec, names),
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
