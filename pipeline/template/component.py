"""One component as CloudFormation resources: the streams of an event type, the function between them, its delivery."""

import json
from typing import Any

from wavetank.pipeline import layout, topology
from wavetank.pipeline.template import functions, permissions
from wavetank.pipeline.template.logical import logical
from wavetank.pipeline.template.permissions import DATA, REGISTRY
from wavetank.pipeline.topology import EventType

Resources = dict[str, dict[str, Any]]

BATCH_RECORDS = 500
BATCH_WINDOW_S = 1
RAW_RETENTION_HOURS = 24
GIVE_UP_AFTER_S = 12 * 3600
"""An outage stalls for so long; what still fails then is set aside while the stream retains it for as long again."""
ITERATOR_AGE_ALARM_MS = 15 * 60 * 1000


def component(event: EventType) -> Resources:
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
