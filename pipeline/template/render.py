"""Renders the topology as one CloudFormation template: least privilege, no wildcard actions.

Each function gives back its resources by logical id; `render` puts them together.
"""

import json
import re
from typing import Any

from wavetank.pipeline import layout, topology
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.template import buckets, functions, permissions
from wavetank.pipeline.template.functions import CODEC_LAYER, COLUMNS_LAYER
from wavetank.pipeline.template.permissions import DATA, DEAD_MERGES, MERGES, REGISTRY
from wavetank.pipeline.topology import EventType, Topology

Resources = dict[str, dict[str, Any]]

BATCH_RECORDS = 500
BATCH_WINDOW_S = 1
RAW_RETENTION_HOURS = 24
GIVE_UP_AFTER_S = 12 * 3600
"""An outage stalls for so long; what still fails then is set aside while the stream retains it for as long again."""
ITERATOR_AGE_ALARM_MS = 15 * 60 * 1000
PLANNER_SCHEDULE = "cron(5 * * * ? *)"
MERGE_TIMEOUT_S = 900
MERGES_AT_ONCE = 10
REPLAYER_SCHEDULE = "rate(15 minutes)"

MOST_RESOURCES = 500
MOST_BYTES = 1_000_000
"""Limits of a template that CloudFormation takes by URL (user guide, "Quotas")."""

PARAMETERS: dict[str, dict[str, Any]] = {
    "ArtifactsBucket": {"Type": "String", "Description": "Bucket that holds the packages."},
    "CodeKey": {"Type": "String", "Description": "Key of the function package."},
    "CodecLayerKey": {"Type": "String", "Description": "Key of the layer with fastavro."},
    "ColumnsLayerKey": {"Type": "String", "Description": "Key of the layer with numpy and pyarrow."},
    "MergeConcurrency": {
        "Type": "Number",
        "MinValue": 2,
        "MaxValue": 1000,
        "Default": 8,
        "Description": "Concatenators at work at the same time.",
    },
    "ScheduleState": {
        "Type": "String",
        "AllowedValues": ["ENABLED", "DISABLED"],
        "Default": "ENABLED",
        "Description": "DISABLED where ticks are sent by hand.",
    },
}


def render(deployed: Topology) -> dict[str, Any]:
    """The template of a topology, ready for `json.dumps`."""
    resources: Resources = {
        **functions.layers(),
        **buckets.buckets(),
        **buckets.chunk_topic(),
        **_partitioner(),
        **_rescuer(deployed),
        **_concatenator(),
    }
    resources |= _ticked()
    for event in deployed.events:
        resources |= _event_type(event)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "wavetank: an event pipeline from Kinesis to Avro and Parquet at rest",
        "Parameters": PARAMETERS,
        "Resources": resources,
        "Outputs": {
            "DataBucketName": {"Value": {"Ref": DATA}},
            "RegistryBucketName": {"Value": {"Ref": REGISTRY}},
            "ChunkTopicArn": {"Value": {"Ref": "ChunkTopic"}},
        },
    }


def compact(template: dict[str, Any]) -> str:
    """The text that is deployed: one line without spaces, which is less than half of what people read.

    Raises ConfigurationError for more than CloudFormation takes, with the rule.
    """
    text = json.dumps(template, separators=(",", ":"))
    resources = len(template["Resources"])
    if resources > MOST_RESOURCES or len(text) > MOST_BYTES:
        raise ConfigurationError(
            f"these event types make a template of {resources} resources and {len(text):,} bytes; CloudFormation takes "
            f"{MOST_RESOURCES} and {MOST_BYTES:,} a stack: deploy some of the event types in an account of their own"
        )
    return text


def logical(name: str) -> str:
    """A name as CloudFormation wants its logical ids: letters and digits."""
    return "".join(part.capitalize() for part in re.split(r"[^a-z0-9]+", name))


def _event_type(event: EventType) -> Resources:
    """Everything one event type needs: two streams, the function between them, delivery and an alarm."""
    name = logical(event.name)
    raw, processed = f"{name}RawStream", f"{name}ProcessedStream"
    return {
        raw: _stream(event.raw_stream),
        processed: _stream(event.processed_stream),
        **_processor(event, raw, processed),
        **_delivery(event, processed),
        f"{name}BehindAlarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmName": f"{event.processor}-behind",
                "AlarmDescription": f"The {event.name} processor reads records more than 15 minutes old.",
                "Namespace": "AWS/Lambda",
                "MetricName": "IteratorAge",
                "Dimensions": [{"Name": "FunctionName", "Value": event.processor}],
                "Statistic": "Maximum",
                "Period": 60,
                "EvaluationPeriods": 5,
                "Threshold": ITERATOR_AGE_ALARM_MS,
                "ComparisonOperator": "GreaterThanThreshold",
                "TreatMissingData": "notBreaching",
            },
        },
    }


def _stream(name: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Kinesis::Stream",
        "Properties": {
            "Name": name,
            "ShardCount": topology.SHARDS,
            "RetentionPeriodHours": RAW_RETENTION_HOURS,
            "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
        },
    }


def _processor(event: EventType, raw: str, processed: str) -> Resources:
    """The function and its event source, which reads the raw stream from the beginning.

    An outage stalls; what fails for half the retention is reported to the bucket. The source comes after the delivery,
    which reads what is put on the processed stream from its creation on.
    """
    name = logical(event.name)
    variables: dict[str, Any] = {
        "EVENT_TYPE": event.name,
        "PROCESSED_STREAM": {"Ref": processed},
        "DATA_BUCKET": {"Ref": DATA},
        "REGISTRY_BUCKET": {"Ref": REGISTRY},
        "FUTURE_BOUND_MINUTES": str(topology.FUTURE_BOUND_MINUTES),
    }
    if event.enrichment:
        enrichment = event.enrichment
        spec = {"reference": enrichment.reference, "on": enrichment.on, "add": list(enrichment.add)}
        variables["ENRICHMENT"] = json.dumps(spec)
    function = functions.FunctionSpec(
        f"{name}Processor",
        event.processor,
        "processor",
        memory_mib=512,
        timeout_s=120,
        variables=variables,
        statements=permissions.processor(raw, processed, event.name),
    )
    source = {
        "Type": "AWS::Lambda::EventSourceMapping",
        "DependsOn": [f"{name}Delivery"],
        "Properties": {
            "EventSourceArn": {"Fn::GetAtt": [raw, "Arn"]},
            "FunctionName": {"Ref": function.logical_id},
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": BATCH_RECORDS,
            "MaximumBatchingWindowInSeconds": BATCH_WINDOW_S,
            "MaximumRetryAttempts": -1,
            "MaximumRecordAgeInSeconds": GIVE_UP_AFTER_S,
            "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": [DATA, "Arn"]}}},
            "BisectBatchOnFunctionError": True,
        },
    }
    return {**functions.function(function), f"{name}Source": source}


def _delivery(event: EventType, processed: str) -> Resources:
    name = logical(event.name)
    role = f"{name}DeliveryRole"
    return {
        role: permissions.role(
            "firehose.amazonaws.com",
            permissions.delivery(processed, event.name),
            source=permissions.delivery_stream(event.delivery_stream),
        ),
        f"{name}Delivery": {
            "Type": "AWS::KinesisFirehose::DeliveryStream",
            "Properties": {
                "DeliveryStreamName": event.delivery_stream,
                "DeliveryStreamType": "KinesisStreamAsSource",
                "KinesisStreamSourceConfiguration": {
                    "KinesisStreamARN": {"Fn::GetAtt": [processed, "Arn"]},
                    "RoleARN": {"Fn::GetAtt": [role, "Arn"]},
                },
                "ExtendedS3DestinationConfiguration": {
                    "BucketARN": {"Fn::GetAtt": [DATA, "Arn"]},
                    "RoleARN": {"Fn::GetAtt": [role, "Arn"]},
                    "Prefix": event.chunk_prefix,
                    "ErrorOutputPrefix": f"{layout.delivery_error_prefix(event.name)}!{{firehose:error-output-type}}/",
                    "BufferingHints": {
                        "SizeInMBs": topology.CHUNK_BUFFER_MIB,
                        "IntervalInSeconds": topology.CHUNK_BUFFER_S,
                    },
                    "CompressionFormat": "UNCOMPRESSED",
                },
            },
        },
    }


def _partitioner() -> Resources:
    spec = functions.FunctionSpec(
        "Partitioner",
        topology.PARTITIONER,
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
    spec = functions.FunctionSpec(
        "Rescuer",
        topology.RESCUER,
        "rescuer",
        memory_mib=512,
        timeout_s=300,
        variables={},
        statements=permissions.rescuer([f"{logical(event.name)}RawStream" for event in deployed.events]),
    )
    source = {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::{topology.PROJECT}-data-${{AWS::AccountId}}"}
    invoke = functions.permission("Rescuer", "s3.amazonaws.com", source, of_account=True)
    return {**functions.function(spec), "RescuerInvoke": invoke}


def _ticked() -> Resources:
    """The functions that a schedule calls."""
    replayer = functions.FunctionSpec(
        "Replayer",
        topology.REPLAYER,
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
        topology.PLANNER,
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


def _concatenator() -> Resources:
    """The function that merges, and the queue that it takes its work from."""
    spec = functions.FunctionSpec(
        "Concatenator",
        topology.CONCATENATOR,
        "concatenator",
        memory_mib=2048,
        timeout_s=MERGE_TIMEOUT_S,
        variables={"DATA_BUCKET": {"Ref": DATA}, "REGISTRY_BUCKET": {"Ref": REGISTRY}},
        statements=permissions.concatenator(),
        layers=(CODEC_LAYER, COLUMNS_LAYER),
    )
    return {
        **functions.merges(MERGE_TIMEOUT_S),
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
