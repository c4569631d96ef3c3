"""One component as CloudFormation resources: the streams of an event type, the function between them, its delivery."""

import json
from typing import Any

from wavetank.pipeline import layout, topology
from wavetank.pipeline.components.model import Component, Stream, StreamMode
from wavetank.pipeline.template import alarms, functions, permissions
from wavetank.pipeline.template.logical import logical
from wavetank.pipeline.template.permissions import DATA, REGISTRY
from wavetank.pipeline.template.tags import tagged
from wavetank.pipeline.topology import EventType, Topology

Resources = dict[str, dict[str, Any]]

HOUR_S = 3600


def component(deployed: Topology, event: EventType) -> Resources:
    """Everything one event type needs: two streams, the function between them, delivery and alarms."""
    name, settings = logical(event.name), event.component
    raw, processed = f"{name}RawStream", f"{name}ProcessedStream"
    resources = {
        raw: _stream(event.raw_stream, settings.stream),
        processed: _stream(event.processed_stream, settings.stream),
        **_processor(event, raw, processed),
        **_delivery(event, processed),
        **alarms.of_component(deployed, event),
    }
    return tagged(resources, deployed, settings, event.name)


def code_key(event: EventType) -> str:
    """The parameter with the key of its processor's package: one of its own where it has code or rules of its own."""
    return f"{logical(event.name)}CodeKey" if event.has_own_code else functions.CODE


def own_layer(event: EventType) -> str:
    """The layer with the packages of its own code, as the template names it."""
    return f"{logical(event.name)}Layer"


def layer_key(event: EventType) -> str:
    """The parameter with the key of that layer."""
    return f"{own_layer(event)}Key"


def _stream(name: str, settings: Stream) -> dict[str, Any]:
    """A stream; only a provisioned one says how many shards it has (CloudFormation, "AWS::Kinesis::Stream")."""
    if settings.mode is StreamMode.PROVISIONED:
        capacity: dict[str, Any] = {"ShardCount": settings.shards}
    else:
        capacity = {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}
    return {
        "Type": "AWS::Kinesis::Stream",
        "Properties": {
            "Name": name,
            **capacity,
            "RetentionPeriodHours": settings.retention_hours,
            "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
        },
    }


def _processor(event: EventType, raw: str, processed: str) -> Resources:
    """The function and its event source, which reads the raw stream from the beginning.

    An outage stalls; what fails for too long is reported to the bucket while the stream still retains it. The source
    comes after the delivery, which reads what is put on the processed stream from its creation on.
    """
    name, settings = logical(event.name), event.component.processor
    variables: dict[str, Any] = {
        "EVENT_TYPE": event.name,
        "PROCESSED_STREAM": {"Ref": processed},
        "DATA_BUCKET": {"Ref": DATA},
        "REGISTRY_BUCKET": {"Ref": REGISTRY},
        "FUTURE_BOUND_MINUTES": str(topology.FUTURE_BOUND_MINUTES),
    }
    if event.component.partition_key != Component().partition_key:
        variables["PARTITION_KEY"] = event.component.partition_key
    if event.enrichment:
        variables["ENRICHMENT"] = json.dumps(event.enrichment.to_document())
    if event.has_own_code:
        variables["OWN_CODE"] = "in the package"
    function = functions.FunctionSpec(
        f"{name}Processor",
        event.processor,
        "processor",
        memory_mib=settings.memory_mib,
        timeout_s=settings.timeout_s,
        variables=variables,
        statements=permissions.processor(raw, processed, event.name, event.references),
        logs=event.component.logs,
        reserved_concurrency=settings.reserved_concurrency,
        code=code_key(event),
        # Of two files with one name that of the later layer is seen: the pipeline's own.
        layers=(*([own_layer(event)] if event.has_packages else []), functions.CODEC_LAYER),
    )
    source = {
        "Type": "AWS::Lambda::EventSourceMapping",
        "DependsOn": [f"{name}Delivery"],
        "Properties": {
            "EventSourceArn": {"Fn::GetAtt": [raw, "Arn"]},
            "FunctionName": {"Ref": function.logical_id},
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": settings.batch_records,
            "MaximumBatchingWindowInSeconds": settings.batch_window_s,
            "ParallelizationFactor": settings.parallelization,
            "MaximumRetryAttempts": -1,
            "MaximumRecordAgeInSeconds": settings.give_up_hours * HOUR_S,
            "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": [DATA, "Arn"]}}},
            "BisectBatchOnFunctionError": True,
        },
    }
    layers = {own_layer(event): functions.layer(event.processor, layer_key(event))} if event.has_packages else {}
    return {**layers, **functions.function(function, event.names), f"{name}Source": source}


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
                        "SizeInMBs": event.component.delivery.buffer_mib,
                        "IntervalInSeconds": event.component.delivery.buffer_s,
                    },
                    "CompressionFormat": "UNCOMPRESSED",
                },
            },
        },
    }
