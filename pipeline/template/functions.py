"""Functions as CloudFormation resources: each with a role of its own, the layers, who may call, and the merge queue.

The queue of partitions to merge feeds a function; with it comes the one for what could not be merged.
"""

from dataclasses import dataclass
from typing import Any

from wavetank.pipeline.components.model import Logs
from wavetank.pipeline.metrics import Handler
from wavetank.pipeline.names import Names
from wavetank.pipeline.template import logs, permissions
from wavetank.pipeline.template.permissions import DEAD_MERGES, MERGES, Statement

Resources = dict[str, dict[str, Any]]

RUNTIME = "python3.13"
CODE = "CodeKey"
CODEC_LAYER = "CodecLayer"
COLUMNS_LAYER = "ColumnsLayer"
DATABASES_LAYER = "DatabasesLayer"

VISIBILITY_PER_TIMEOUT = 6
"""AWS's recommendation for a queue that feeds a function (Lambda developer guide, "Using Lambda with Amazon SQS")."""
ATTEMPTS = 5
DEAD_RETENTION_S = 14 * 24 * 3600


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """A function: its name, handler module, size, variables, what its role may do, and the settings of its log."""

    logical_id: str
    name: str
    module: str
    memory_mib: int
    timeout_s: int
    variables: dict[str, Any]
    statements: list[Statement]
    logs: Logs
    layers: tuple[str, ...] = (CODEC_LAYER,)
    reserved_concurrency: int | None = None
    temporary_mib: int | None = None
    """The room in `/tmp`; None for what every function has."""
    code: str = CODE
    """The parameter with the key of its package."""
    storage_mib: int | None = None
    """Of its temporary files; None for the 512 MiB that every function has."""
    vpc: dict[str, Any] | None = None


def function(spec: FunctionSpec, names: Names) -> Resources:
    """The function, its log with the metrics of that, and its role: it may do what the spec says, and write the log."""
    role, reserved = f"{spec.logical_id}Role", spec.reserved_concurrency
    return {
        **logs.group(spec.logical_id, spec.name, spec.logs),
        **logs.filters(spec.logical_id, spec.name, Handler(spec.module), names.metrics),
        role: permissions.role("lambda.amazonaws.com", [*spec.statements, *permissions.logs(spec.name)]),
        spec.logical_id: {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": spec.name,
                "Runtime": RUNTIME,
                "Handler": f"wavetank.pipeline.handlers.{spec.module}.handle",
                "Code": {"S3Bucket": {"Ref": "ArtifactsBucket"}, "S3Key": {"Ref": spec.code}},
                "Layers": [{"Ref": layer} for layer in spec.layers],
                "Role": {"Fn::GetAtt": [role, "Arn"]},
                "MemorySize": spec.memory_mib,
                "Timeout": spec.timeout_s,
                "Environment": {"Variables": spec.variables},
                "LoggingConfig": logs.logging_config(spec.logical_id, spec.logs),
                **({} if spec.temporary_mib is None else {"EphemeralStorage": {"Size": spec.temporary_mib}}),
                **({} if reserved is None else {"ReservedConcurrentExecutions": reserved}),
                **({} if spec.storage_mib is None else {"EphemeralStorage": {"Size": spec.storage_mib}}),
                **({} if spec.vpc is None else {"VpcConfig": spec.vpc}),
            },
        },
    }


def permission(name: str, principal: str, source: dict[str, Any], of_account: bool = False) -> dict[str, Any]:
    """Permission for a service to call a function for one source; `of_account` where its ARN names no account.

    That is so for buckets alone (Lambda API reference, "AddPermission").
    """
    properties = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": name},
        "Principal": principal,
        "SourceArn": source,
    }
    if of_account:
        properties["SourceAccount"] = {"Ref": "AWS::AccountId"}
    return {"Type": "AWS::Lambda::Permission", "Properties": properties}


def layers(names: Names, with_databases: bool) -> Resources:
    """The layers that functions share; a version stays when there is a newer one.

    Functions of other stacks have it until they are deployed, and again where that is rolled back.
    with_databases: the one with drivers as well.
    """
    titles = {CODEC_LAYER: "codec", COLUMNS_LAYER: "columns"} | (
        {DATABASES_LAYER: "databases"} if with_databases else {}
    )
    return {
        name: layer(f"{names.prefix}-{title}", f"{name}Key") | {"UpdateReplacePolicy": "Retain"}
        for name, title in titles.items()
    }


def layer(name: str, key: str) -> dict[str, Any]:
    """A layer of that name, from the artifacts bucket; `key` is the parameter with its key there."""
    return {
        "Type": "AWS::Lambda::LayerVersion",
        "Properties": {
            "LayerName": name,
            "CompatibleRuntimes": [RUNTIME],
            "Content": {"S3Bucket": {"Ref": "ArtifactsBucket"}, "S3Key": {"Ref": key}},
        },
    }


def scheduled(spec: FunctionSpec, schedule: str, names: Names) -> Resources:
    """A function, and the rule that calls it."""
    rule = f"{spec.logical_id}Schedule"
    return {
        **function(spec, names),
        rule: {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Name": names.rule(spec.name),
                "ScheduleExpression": schedule,
                "State": {"Ref": "ScheduleState"},
                "Targets": [{"Id": spec.name, "Arn": {"Fn::GetAtt": [spec.logical_id, "Arn"]}}],
            },
        },
        f"{spec.logical_id}Invoke": permission(spec.logical_id, "events.amazonaws.com", {"Fn::GetAtt": [rule, "Arn"]}),
    }


def merges(names: Names, timeout_s: int) -> Resources:
    """The queue of merges and its dead letters; `timeout_s` is that of the function that takes from the first."""
    return {
        DEAD_MERGES: {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": names.dead_merges,
                "MessageRetentionPeriod": DEAD_RETENTION_S,
                "SqsManagedSseEnabled": True,
            },
        },
        MERGES: {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": names.merge_queue,
                "VisibilityTimeout": VISIBILITY_PER_TIMEOUT * timeout_s,
                "RedrivePolicy": {
                    "deadLetterTargetArn": {"Fn::GetAtt": [DEAD_MERGES, "Arn"]},
                    "maxReceiveCount": ATTEMPTS,
                },
                "SqsManagedSseEnabled": True,
            },
        },
    }
