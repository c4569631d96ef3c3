"""Functions, layers, permissions and event source mappings."""

import json
from typing import Any

from tests.parity.cloudformation_rows.row import (
    ACCOUNT,
    NUMBERS,
    SOURCE,
    TAGS,
    Given,
    Place,
    Properties,
    Row,
    arn,
    tags,
)
from wavetank.emulator.stack.stack import EmbeddedStack

OWN_LOG_GROUP = "the group of its name"


def functions(place: Place) -> dict[str, Row]:
    """A function, a layer version and a permission."""
    prefix = place.prefix
    roles = [f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in (f"{prefix}-role", "other")]
    dead = [arn("sqs", f"{prefix}-{name}") for name in ("one", "two")]

    def describe(stack: EmbeddedStack, name: str) -> Properties:
        lambda_ = stack.client("lambda")
        found = lambda_.get_function(FunctionName=name)
        configuration = found["Configuration"]
        loop = lambda_.get_function_recursion_config(FunctionName=name)["RecursiveLoop"]
        group = configuration["LoggingConfig"]["LogGroup"].replace(f"/aws/lambda/{name}", OWN_LOG_GROUP)
        return {
            **configuration,
            "Code": configuration["CodeSha256"],
            "Environment": {"Variables": configuration.get("Environment", {}).get("Variables", {})},
            "DeadLetterConfig": configuration.get("DeadLetterConfig"),
            "Layers": [layer["Arn"] for layer in configuration.get("Layers") or ()],
            "LoggingConfig": {**configuration["LoggingConfig"], "LogGroup": group},
            "RecursiveLoop": loop,
            "CodeSigningConfigArn": lambda_.get_function_code_signing_config(FunctionName=name).get(
                "CodeSigningConfigArn"
            ),
            "ReservedConcurrentExecutions": found.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
            "SnapStart": {"ApplyOn": configuration["SnapStart"]["ApplyOn"]},
            "Tags": tags(found.get("Tags") or {}),
        }

    def layer(stack: EmbeddedStack, version: str) -> Properties:
        found = stack.client("lambda").get_layer_version_by_arn(Arn=version)
        return {**found, "LayerName": found["LayerArn"].rsplit(":", 1)[-1]}

    def statement(stack: EmbeddedStack, identifier: str) -> Properties:
        for name in ("one", "two"):
            policy = _policy(stack, f"{prefix}-{name}")
            for entry in policy.get("Statement", ()):
                if entry["Sid"] == identifier:
                    return dict(entry)
        raise LookupError("statement not found")

    def content(name: str) -> dict[str, Any]:
        return {"S3Bucket": f"{prefix}-code", "S3Key": name}

    runtime = {"Handler": "index.handle", "Runtime": "python3.13", "Role": roles[0]}
    permission = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": f"{prefix}-one",
        "Principal": "s3.amazonaws.com",
        "SourceAccount": ACCOUNT,
    }
    return {
        "FunctionUnderTest": Row(
            "AWS::Lambda::Function",
            describe,
            first={
                **runtime,
                "Architectures": ["x86_64"],
                "Code": {"ZipFile": SOURCE.format("one")},
                "DeadLetterConfig": {"TargetArn": dead[0]},
                "Description": "one",
                "Environment": {"Variables": {"A": "1", "B": "2"}},
                "EphemeralStorage": {"Size": 600},
                "LoggingConfig": {
                    "LogFormat": "JSON",
                    "ApplicationLogLevel": "INFO",
                    "SystemLogLevel": "INFO",
                    "LogGroup": f"{prefix}-log",
                },
                "MemorySize": 256,
                "RecursiveLoop": "Allow",
                "ReservedConcurrentExecutions": 3,
                "SnapStart": {"ApplyOn": "PublishedVersions"},
                "CodeSigningConfigArn": place.signing[0],
                "Layers": place.layers[:1],
                "Tags": TAGS[0],
                "Timeout": 5,
                "TracingConfig": {"Mode": "Active"},
            },
            second={
                "Handler": "index.other",
                "Runtime": "python3.12",
                "Role": roles[1],
                "Architectures": ["x86_64"],
                "Code": {"ZipFile": SOURCE.format("two")},
                "DeadLetterConfig": {"TargetArn": dead[1]},
                "Description": "two",
                "Environment": {"Variables": {"B": "3"}},
                "EphemeralStorage": {"Size": 700},
                "LoggingConfig": {
                    "LogFormat": "JSON",
                    "ApplicationLogLevel": "WARN",
                    "SystemLogLevel": "WARN",
                    "LogGroup": f"{prefix}-other-log",
                },
                "MemorySize": 300,
                "RecursiveLoop": "Terminate",
                "ReservedConcurrentExecutions": 4,
                "SnapStart": {"ApplyOn": "None"},
                "CodeSigningConfigArn": place.signing[1],
                "Layers": place.layers[::-1],
                "Tags": TAGS[1],
                "Timeout": 6,
                "TracingConfig": {"Mode": "PassThrough"},
            },
            third={**runtime, "Code": {"ZipFile": SOURCE.format("three")}},
            default={
                **runtime,
                "CodeSigningConfigArn": None,
                "Layers": [],
                "DeadLetterConfig": None,
                "Description": "",
                "Environment": {"Variables": {}},
                "EphemeralStorage": {"Size": 512},
                "MemorySize": 128,
                "LoggingConfig": {"LogFormat": "Text", "LogGroup": OWN_LOG_GROUP},
                "RecursiveLoop": "Terminate",
                "ReservedConcurrentExecutions": None,
                "SnapStart": {"ApplyOn": "None"},
                "Tags": [],
                "Timeout": 3,
                "TracingConfig": {"Mode": "PassThrough"},
            },
            replaced={"FunctionName": (None, f"{prefix}-function-of-a-name")},
        ),
        "Layer": Row(
            "AWS::Lambda::LayerVersion",
            layer,
            always={"Content": content("one.zip")},
            replaced={
                "CompatibleArchitectures": (["x86_64"], ["arm64"]),
                "CompatibleRuntimes": (["python3.13"], ["python3.12"]),
                "Content": (content("one.zip"), content("two.zip")),
                "Description": ("one", "two"),
                "LayerName": (f"{prefix}-one", f"{prefix}-two"),
                "LicenseInfo": ("MIT", "Apache-2.0"),
            },
        ),
        "Permission": Row(
            "AWS::Lambda::Permission",
            statement,
            always=permission,
            replaced={
                "Action": ("lambda:InvokeFunction", "lambda:GetFunction"),
                "EventSourceToken": ("one", "two"),
                "FunctionName": (f"{prefix}-one", f"{prefix}-two"),
                "FunctionUrlAuthType": ("NONE", "AWS_IAM"),
                "Principal": ("s3.amazonaws.com", "sns.amazonaws.com"),
                "PrincipalOrgID": ("o-aaaaaaaaaa", "o-bbbbbbbbbb"),
                "SourceAccount": (ACCOUNT, "111111111111"),
                "SourceArn": (f"arn:aws:s3:::{prefix}-one", f"arn:aws:s3:::{prefix}-two"),
            },
        ),
    }


def _policy(stack: EmbeddedStack, function: str) -> dict[str, Any]:
    lambda_ = stack.client("lambda")
    try:
        return dict(json.loads(lambda_.get_policy(FunctionName=function)["Policy"]))
    except lambda_.exceptions.ResourceNotFoundException:
        return {}


def event_sources(prefix: str) -> dict[str, Row]:
    """A stream and a queue that a function is called with."""
    names = [arn("lambda", f"function:{prefix}-{name}") for name in NUMBERS]
    queues = [arn("sqs", f"{prefix}-{name}") for name in ("one", "two")]
    shards = [arn("kinesis", f"stream/{prefix}-{name}") for name in ("source", "other")]

    def describe(stack: EmbeddedStack, uuid: str) -> Properties:
        lambda_ = stack.client("lambda")
        found = lambda_.get_event_source_mapping(UUID=uuid)
        tagged = lambda_.list_tags(Resource=found["EventSourceMappingArn"]).get("Tags") or {}
        return {
            **found,
            "FunctionName": found["FunctionArn"],
            "Enabled": found["State"] != "Disabled",
            "FilterCriteria": found.get("FilterCriteria") if found.get("FilterCriteria", {}).get("Filters") else None,
            "ScalingConfig": found.get("ScalingConfig"),
            "Tags": tags(tagged),
        }

    def filters(pattern: str) -> dict[str, Any]:
        return {"Filters": [{"Pattern": pattern}]}

    reads = {"StartingPosition": "TRIM_HORIZON"}
    return {
        "Shards": Row(
            "AWS::Lambda::EventSourceMapping",
            describe,
            always={"EventSourceArn": shards[0], **reads},
            first={
                "FunctionName": names[0],
                "BatchSize": 10,
                "BisectBatchOnFunctionError": True,
                "DestinationConfig": {"OnFailure": {"Destination": queues[0]}},
                "Enabled": False,
                "FilterCriteria": filters('{"a": [1]}'),
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "MaximumBatchingWindowInSeconds": 1,
                "MaximumRecordAgeInSeconds": 100,
                "MaximumRetryAttempts": 1,
                "ParallelizationFactor": 2,
                "Tags": TAGS[0],
            },
            second={
                "FunctionName": names[1],
                "BatchSize": 20,
                "BisectBatchOnFunctionError": False,
                "DestinationConfig": {"OnFailure": {"Destination": queues[1]}},
                "Enabled": True,
                "FilterCriteria": filters('{"a": [2]}'),
                "FunctionResponseTypes": [],
                "MaximumBatchingWindowInSeconds": 2,
                "MaximumRecordAgeInSeconds": 200,
                "MaximumRetryAttempts": 2,
                "ParallelizationFactor": 3,
                "Tags": TAGS[1],
            },
            default={
                "FunctionName": names[1],
                "BatchSize": 100,
                "BisectBatchOnFunctionError": False,
                "DestinationConfig": {"OnFailure": {}},
                "Enabled": True,
                "FilterCriteria": None,
                "FunctionResponseTypes": [],
                "MaximumBatchingWindowInSeconds": 0,
                "MaximumRecordAgeInSeconds": -1,
                "MaximumRetryAttempts": -1,
                "ParallelizationFactor": 1,
                "Tags": [],
            },
            third={"FunctionName": names[1]},
            replaced={
                "EventSourceArn": (
                    Given(FunctionName=names[3], EventSourceArn=shards[0]),
                    Given(FunctionName=names[3], EventSourceArn=shards[1]),
                ),
                # Two mappings of one source to one function may not be, not even while one replaces the other.
                "StartingPosition": (
                    Given(FunctionName=names[4], StartingPosition="TRIM_HORIZON"),
                    Given(FunctionName=names[4], StartingPosition="LATEST", EventSourceArn=shards[1]),
                ),
                "StartingPositionTimestamp": (
                    Given(
                        FunctionName=names[5], StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=1_700_000_000
                    ),
                    Given(
                        FunctionName=names[5],
                        StartingPosition="AT_TIMESTAMP",
                        StartingPositionTimestamp=1_700_000_001,
                        EventSourceArn=shards[1],
                    ),
                ),
            },
        ),
        "Messages": Row(
            "AWS::Lambda::EventSourceMapping",
            describe,
            always={"EventSourceArn": queues[0], "FunctionName": names[0]},
            first={"ScalingConfig": {"MaximumConcurrency": 2}},
            second={"ScalingConfig": {"MaximumConcurrency": 3}},
            default={"ScalingConfig": None},
        ),
    }
