"""Each property that a template can give a resource: what it is first, then, and once it is removed.

Sources: the CloudFormation resource reference, where each property says "Update requires", and the API reference of
each service for what a property is that nobody gives.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.stack import EmbeddedStack
from tests.parity.cloudformation_kit import resource

type Properties = Mapping[str, Any]
type Describe = Callable[[EmbeddedStack, str], Properties]

ACCOUNT, REGION = "000000000000", "us-east-1"
TAGS = ([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}], [{"Key": "b", "Value": "3"}])
NUMBERS = ("one", "two", "three", "four", "five", "six")
SOURCE = "def handle(event, context):\n    return {!r}\n"


class Given(dict[str, Any]):
    """Several properties that change together."""


@dataclass(frozen=True)
class Place:
    """What the rows need to know of what is there already."""

    prefix: str
    policed: list[str]
    layers: list[str]
    signing: list[str]


@dataclass(frozen=True)
class Row:
    """One resource: properties that it always has, and some that are changed and then removed.

    `replaced` are create-only properties, each with two values, which may bring others along: a resource of its own is
    made for each.
    """

    type: str
    describe: Describe
    always: Properties = field(default_factory=dict)
    first: Properties = field(default_factory=dict)
    second: Properties = field(default_factory=dict)
    third: Properties = field(default_factory=dict)
    default: Properties = field(default_factory=dict)
    """What the service says once the resource has only the properties of `third`."""
    replaced: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    @property
    def properties(self) -> set[str]:
        """Every property that this row tries."""
        together = {
            name for pair in self.replaced.values() for value in pair if isinstance(value, Given) for name in value
        }
        return {*self.always, *self.first, *self.second, *self.replaced, *together}


def arn(service: str, name: str) -> str:
    """The ARN of something in the stack's account and region."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"


def tags(entries: Any) -> list[dict[str, str]]:
    """Tags in the order of their keys."""
    pairs = entries.items() if isinstance(entries, dict) else ((tag["Key"], tag["Value"]) for tag in entries)
    return [{"Key": key, "Value": value} for key, value in sorted(pairs)]


def allow(action: str, of: str = "*", **more: Any) -> dict[str, Any]:
    """A policy document with one statement."""
    statement = {"Effect": "Allow", "Action": action, "Resource": of, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def trust(service: str) -> dict[str, Any]:
    """The trust of a role."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": f"{service}.amazonaws.com"}}
    return {"Version": "2012-10-17", "Statement": [statement]}


def support(prefix: str) -> dict[str, Any]:
    """What the resources under test refer to, by names."""
    function = {
        "Runtime": "python3.13",
        "Handler": "index.handle",
        "Role": f"arn:aws:iam::{ACCOUNT}:role/{prefix}-role",
    }
    resources = {
        "Role": resource("IAM::Role", {"RoleName": f"{prefix}-role", "AssumeRolePolicyDocument": trust("lambda")}),
        "Source": resource("Kinesis::Stream", {"Name": f"{prefix}-source"}),
        "Other": resource("Kinesis::Stream", {"Name": f"{prefix}-other"}),
        "Target": resource("S3::Bucket", {"BucketName": f"{prefix}-target"}),
        "Backup": resource("S3::Bucket", {"BucketName": f"{prefix}-backup"}),
    }
    for name in ("one", "two"):
        resources[f"Queue{name}"] = resource("SQS::Queue", {"QueueName": f"{prefix}-{name}"})
        resources[f"Topic{name}"] = resource("SNS::Topic", {"TopicName": f"{prefix}-{name}"})
    for name in NUMBERS:
        named = {"FunctionName": f"{prefix}-{name}", "Code": {"ZipFile": SOURCE.format(name)}}
        resources[f"Function{name}"] = resource("Lambda::Function", function | named)
    return resources


def rows(place: Place) -> dict[str, Row]:
    """The resources under test, by logical id."""
    prefix = place.prefix
    return {
        **alarms(prefix),
        **rules(prefix),
        **roles(prefix),
        **streams(prefix),
        **delivery_streams(prefix),
        **functions(place),
        **event_sources(prefix),
        **buckets(prefix),
        **topics(prefix),
        **queues(place),
    }


def alarms(prefix: str) -> dict[str, Row]:
    """Alarms on a metric, on a percentile and on an expression."""
    one, two = arn("sns", f"{prefix}-one"), arn("sns", f"{prefix}-two")

    def describe(stack: EmbeddedStack, name: str) -> Properties:
        cloudwatch = stack.client("cloudwatch")
        found = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        if not found:
            raise LookupError("alarm not found")
        return {**found[0], "Tags": tags(cloudwatch.list_tags_for_resource(ResourceARN=found[0]["AlarmArn"])["Tags"])}

    def metric(stat: str) -> dict[str, Any]:
        return {
            "Id": "m",
            "MetricStat": {"Metric": {"Namespace": "N", "MetricName": "M"}, "Period": 60, "Stat": stat},
            "ReturnData": True,
        }

    band = {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m, 2)", "ReturnData": True}
    compare = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1}
    simple = {"Namespace": "N", "MetricName": "M", "Period": 60, "Threshold": 1.0}
    return {
        "Alarm": Row(
            "AWS::CloudWatch::Alarm",
            describe,
            first={
                **simple,
                **compare,
                "Statistic": "Sum",
                "ActionsEnabled": True,
                "AlarmActions": [one],
                "AlarmDescription": "one",
                "DatapointsToAlarm": 1,
                "Dimensions": [{"Name": "A", "Value": "1"}],
                "InsufficientDataActions": [one],
                "OKActions": [one],
                "TreatMissingData": "missing",
                "Unit": "Count",
                "Tags": TAGS[0],
            },
            second={
                "Namespace": "Other",
                "MetricName": "Other",
                "Period": 120,
                "Threshold": 2.5,
                "ComparisonOperator": "LessThanThreshold",
                "EvaluationPeriods": 3,
                "Statistic": "Maximum",
                "ActionsEnabled": False,
                "AlarmActions": [two],
                "AlarmDescription": "two",
                "DatapointsToAlarm": 2,
                "Dimensions": [{"Name": "B", "Value": "2"}],
                "InsufficientDataActions": [two],
                "OKActions": [two, one],
                "TreatMissingData": "breaching",
                "Unit": "Bytes",
                "Tags": TAGS[1],
            },
            third={**simple, **compare, "Statistic": "Sum"},
            default={"AlarmActions": [], "OKActions": [], "Dimensions": [], "Tags": [], "ActionsEnabled": True},
            replaced={"AlarmName": (f"{prefix}-alarm-1", f"{prefix}-alarm-2")},
        ),
        "Percentile": Row(
            "AWS::CloudWatch::Alarm",
            describe,
            always={**simple, **compare},
            first={"ExtendedStatistic": "p90", "EvaluateLowSampleCountPercentile": "evaluate"},
            second={"ExtendedStatistic": "p99", "EvaluateLowSampleCountPercentile": "ignore"},
            third={"ExtendedStatistic": "p50"},
            default={"EvaluateLowSampleCountPercentile": None},
        ),
        "Expression": Row(
            "AWS::CloudWatch::Alarm",
            describe,
            always={"EvaluationPeriods": 1, "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold"},
            first={"Metrics": [metric("Sum"), band], "ThresholdMetricId": "band"},
            second={"Metrics": [metric("Maximum"), {**band, "Id": "edge"}], "ThresholdMetricId": "edge"},
            third={"Metrics": [metric("Sum"), band], "ThresholdMetricId": "band"},
        ),
    }


def rules(prefix: str) -> dict[str, Row]:
    """A rule on a schedule, and one on a pattern."""
    targets = [{"Id": name, "Arn": arn("sqs", f"{prefix}-{name}")} for name in ("one", "two")]

    def describe(stack: EmbeddedStack, name: str) -> Properties:
        events, bus = stack.client("events"), "default"
        if "|" in name:
            bus, name = name.split("|")
        rule = events.describe_rule(Name=name, EventBusName=bus)
        there = events.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"]
        tagged = events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]
        pattern = json.loads(rule["EventPattern"]) if rule.get("EventPattern") else None
        return {**rule, "EventPattern": pattern, "Targets": there, "Tags": tags(tagged)}

    return {
        "Rule": Row(
            "AWS::Events::Rule",
            describe,
            first={
                "Description": "one",
                "ScheduleExpression": "rate(1 hour)",
                "State": "DISABLED",
                "Targets": targets,
                "Tags": TAGS[0],
            },
            second={
                "Description": "two",
                "ScheduleExpression": "rate(2 hours)",
                "State": "ENABLED",
                "Targets": [{**targets[1], "Input": '{"a": 1}'}],
                "Tags": TAGS[1],
            },
            third={"ScheduleExpression": "rate(3 hours)"},
            default={"Targets": [], "Tags": [], "State": "ENABLED", "Description": None},
            replaced={"Name": (f"{prefix}-rule-1", f"{prefix}-rule-2")},
        ),
        "Pattern": Row(
            "AWS::Events::Rule",
            describe,
            always={"State": "DISABLED"},
            first={"EventPattern": {"source": ["a"]}, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/a"},
            second={
                "EventPattern": {"source": ["b"], "detail": {"n": [1]}},
                "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/b",
            },
            third={"EventPattern": {"source": ["c"]}},
            default={"RoleArn": None},
            replaced={"EventBusName": (f"{prefix}-bus-1", f"{prefix}-bus-2")},
        ),
    }


def roles(prefix: str) -> dict[str, Row]:
    """A role."""
    managed = [f"arn:aws:iam::aws:policy/{name}" for name in ("ReadOnlyAccess", "AWSLambdaExecute")]

    def describe(stack: EmbeddedStack, name: str) -> Properties:
        iam = stack.client("iam")
        role = iam.get_role(RoleName=name)["Role"]
        inline = {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        }
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        return {
            **role,
            "PermissionsBoundary": boundary,
            "ManagedPolicyArns": [policy["PolicyArn"] for policy in attached],
            "Policies": [{"PolicyName": name, "PolicyDocument": inline[name]} for name in sorted(inline)],
            "Tags": tags(role.get("Tags") or []),
        }

    def policy(name: str, action: str) -> dict[str, Any]:
        return {"PolicyName": name, "PolicyDocument": allow(action)}

    return {
        "RoleUnderTest": Row(
            "AWS::IAM::Role",
            describe,
            first={
                "AssumeRolePolicyDocument": trust("lambda"),
                "Description": "one",
                "ManagedPolicyArns": [managed[0]],
                "MaxSessionDuration": 4000,
                "PermissionsBoundary": managed[0],
                "Policies": [policy("a", "s3:GetObject"), policy("b", "s3:PutObject")],
                "Tags": TAGS[0],
            },
            second={
                "AssumeRolePolicyDocument": trust("firehose"),
                "Description": "two",
                "ManagedPolicyArns": [managed[1]],
                "MaxSessionDuration": 5000,
                "PermissionsBoundary": managed[1],
                "Policies": [policy("b", "s3:ListBucket"), policy("c", "sqs:SendMessage")],
                "Tags": TAGS[1],
            },
            third={"AssumeRolePolicyDocument": trust("events")},
            default={
                "AssumeRolePolicyDocument": trust("events"),
                "Description": "",
                "ManagedPolicyArns": [],
                "MaxSessionDuration": 3600,
                "PermissionsBoundary": None,
                "Policies": [],
                "Tags": [],
            },
            replaced={"RoleName": (None, f"{prefix}-role-of-a-name"), "Path": ("/a/", "/b/")},
        ),
    }


def streams(prefix: str) -> dict[str, Row]:
    """A provisioned stream, and one that becomes on-demand and provisioned again."""

    def describe(stack: EmbeddedStack, name: str) -> Properties:
        kinesis = stack.client("kinesis")
        summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        encryption = {"EncryptionType": summary["EncryptionType"], "KeyId": summary.get("KeyId")}
        metrics = [metric for entry in summary["EnhancedMonitoring"] for metric in entry["ShardLevelMetrics"]]
        return {
            **summary,
            "ShardCount": summary["OpenShardCount"],
            "StreamEncryption": encryption if summary["EncryptionType"] != "NONE" else None,
            "DesiredShardLevelMetrics": sorted(metrics),
            "Tags": tags(kinesis.list_tags_for_stream(StreamName=name)["Tags"]),
        }

    return {
        "StreamUnderTest": Row(
            "AWS::Kinesis::Stream",
            describe,
            first={
                "ShardCount": 2,
                "RetentionPeriodHours": 30,
                "MaxRecordSizeInKiB": 2048,
                "DesiredShardLevelMetrics": ["IncomingBytes"],
                "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
                "Tags": TAGS[0],
            },
            second={
                "ShardCount": 3,
                "RetentionPeriodHours": 48,
                "MaxRecordSizeInKiB": 4096,
                "DesiredShardLevelMetrics": ["IncomingRecords", "OutgoingBytes"],
                "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/other"},
                "Tags": TAGS[1],
            },
            third={"ShardCount": 2},
            default={
                "ShardCount": 2,
                "RetentionPeriodHours": 24,
                "MaxRecordSizeInKiB": 1024,
                "DesiredShardLevelMetrics": [],
                "StreamEncryption": None,
                "Tags": [],
            },
            replaced={"Name": (None, f"{prefix}-stream-of-a-name")},
        ),
        "Mode": Row(
            "AWS::Kinesis::Stream",
            describe,
            first={"StreamModeDetails": {"StreamMode": "PROVISIONED"}},
            second={"StreamModeDetails": {"StreamMode": "ON_DEMAND"}},
        ),
    }


def delivery_streams(prefix: str) -> dict[str, Row]:
    """Firehose streams."""
    role = f"arn:aws:iam::{ACCOUNT}:role/{prefix}-role"
    bucket, backup = f"arn:aws:s3:::{prefix}-target", f"arn:aws:s3:::{prefix}-backup"
    least = {"BucketARN": bucket, "RoleARN": role}

    def describe(stack: EmbeddedStack, name: str) -> Properties:
        firehose = stack.client("firehose")
        found = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
        [described] = found["Destinations"]
        destination = dict(described.get("ExtendedS3DestinationDescription") or described["S3DestinationDescription"])
        if "S3BackupDescription" in destination:
            destination["S3BackupConfiguration"] = destination.pop("S3BackupDescription")
        encryption = found.get("DeliveryStreamEncryptionConfiguration") or {}
        enabled = (
            {key: encryption.get(key) for key in ("KeyType", "KeyARN")}
            if encryption.get("Status") == "ENABLED"
            else None
        )
        return {
            **found,
            "ExtendedS3DestinationConfiguration": destination,
            "S3DestinationConfiguration": destination,
            "DeliveryStreamEncryptionConfigurationInput": enabled,
            "Tags": tags(firehose.list_tags_for_delivery_stream(DeliveryStreamName=name)["Tags"]),
        }

    def transformed(function: str) -> dict[str, Any]:
        parameters = [{"ParameterName": "LambdaArn", "ParameterValue": arn("lambda", f"function:{prefix}-{function}")}]
        return {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": parameters}]}

    first = {
        **least,
        "Prefix": "one/",
        "ErrorOutputPrefix": "bad-one/",
        "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60},
        "CompressionFormat": "UNCOMPRESSED",
        "CustomTimeZone": "Europe/Berlin",
        "FileExtension": ".one",
        "ProcessingConfiguration": transformed("one"),
        "S3BackupMode": "Disabled",
    }
    second = {
        "BucketARN": backup,
        "RoleARN": f"{role}-other",
        "Prefix": "two/",
        "ErrorOutputPrefix": "bad-two/",
        "BufferingHints": {"SizeInMBs": 65, "IntervalInSeconds": 77},
        "CompressionFormat": "GZIP",
        "CustomTimeZone": "Asia/Tokyo",
        "FileExtension": ".two",
        "ProcessingConfiguration": transformed("two"),
        "S3BackupMode": "Enabled",
        "S3BackupConfiguration": {**least, "Prefix": "raw/"},
    }
    default = {
        **least,
        "Prefix": "",
        "ErrorOutputPrefix": "",
        "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
        "CompressionFormat": "UNCOMPRESSED",
        "S3BackupMode": "Disabled",
    }
    simple = {**least, "Prefix": "a/", "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 60}}
    source = [
        {"KinesisStreamARN": arn("kinesis", f"stream/{prefix}-{name}"), "RoleARN": role} for name in ("source", "other")
    ]
    key = arn("kms", "key/one")
    pull = {"DeliveryStreamType": "KinesisStreamAsSource"}
    return {
        "Delivery": Row(
            "AWS::KinesisFirehose::DeliveryStream",
            describe,
            first={
                "ExtendedS3DestinationConfiguration": first,
                "DeliveryStreamEncryptionConfigurationInput": {"KeyType": "AWS_OWNED_CMK"},
                "Tags": TAGS[0],
            },
            second={
                "ExtendedS3DestinationConfiguration": second,
                "DeliveryStreamEncryptionConfigurationInput": {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": key},
                "Tags": TAGS[1],
            },
            third={"ExtendedS3DestinationConfiguration": least},
            default={"ExtendedS3DestinationConfiguration": default, "Tags": []},
            replaced={"DeliveryStreamName": (None, f"{prefix}-of-a-name")},
        ),
        "Plain": Row(
            "AWS::KinesisFirehose::DeliveryStream",
            describe,
            first={"S3DestinationConfiguration": simple},
            second={"S3DestinationConfiguration": {**simple, "Prefix": "b/"}},
            third={"S3DestinationConfiguration": least},
            default={"S3DestinationConfiguration": {**least, "Prefix": ""}},
        ),
        "Pulled": Row(
            "AWS::KinesisFirehose::DeliveryStream",
            describe,
            always={"ExtendedS3DestinationConfiguration": least},
            replaced={
                "KinesisStreamSourceConfiguration": (
                    Given(pull, KinesisStreamSourceConfiguration=source[0]),
                    Given(pull, KinesisStreamSourceConfiguration=source[1]),
                ),
                "DeliveryStreamType": (
                    Given(DeliveryStreamType="DirectPut"),
                    Given(pull, KinesisStreamSourceConfiguration=source[0]),
                ),
            },
        ),
    }


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
        logging = {key: value for key, value in configuration["LoggingConfig"].items() if key != "LogGroup"}
        return {
            **configuration,
            "Code": configuration["CodeSha256"],
            "Environment": {"Variables": configuration.get("Environment", {}).get("Variables", {})},
            "DeadLetterConfig": configuration.get("DeadLetterConfig"),
            "Layers": [layer["Arn"] for layer in configuration.get("Layers") or ()],
            "LoggingConfig": logging,
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
                "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"},
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
                "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "WARN", "SystemLogLevel": "WARN"},
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
                "LoggingConfig": {"LogFormat": "Text"},
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


def buckets(prefix: str) -> dict[str, Row]:
    """A bucket and the policy of one."""
    one, two = arn("sqs", f"{prefix}-one"), arn("sqs", f"{prefix}-two")

    def describe(stack: EmbeddedStack, name: str) -> Properties:
        return _bucket(stack.client("s3"), name)

    def policy(stack: EmbeddedStack, name: str) -> Properties:
        document = stack.client("s3").get_bucket_policy(Bucket=name)["Policy"]
        return {"PolicyDocument": json.loads(document), "Bucket": name}

    def rule(days: int) -> dict[str, Any]:
        tag = {"Key": "done", "Value": "true"}
        return {"Id": "r", "Status": "Enabled", "Prefix": f"p{days}/", "TagFilters": [tag], "ExpirationInDays": days}

    def kms(key: str) -> dict[str, Any]:
        return {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}

    def notify(queue: str, prefix: str) -> dict[str, Any]:
        rules = {"S3Key": {"Rules": [{"Name": "prefix", "Value": prefix}]}}
        return {"QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": queue, "Filter": rules}]}

    def block(blocked: bool) -> dict[str, bool]:
        names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
        return dict.fromkeys(names, blocked)

    def cors(origin: str) -> dict[str, Any]:
        return {"CorsRules": [{"Id": "c", "AllowedMethods": ["GET"], "AllowedOrigins": [origin], "MaxAge": 5}]}

    def lock(days: int) -> dict[str, Any]:
        rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": days}}
        return {"ObjectLockEnabled": "Enabled", "Rule": rule}

    def logs(prefix_: str) -> dict[str, Any]:
        return {"DestinationBucketName": f"{prefix}-target", "LogFilePrefix": prefix_}

    public = {"Principal": "*"}
    objects = f"arn:aws:s3:::{prefix}-target/*"
    return {
        "BucketUnderTest": Row(
            "AWS::S3::Bucket",
            describe,
            first={
                "AccelerateConfiguration": {"AccelerationStatus": "Enabled"},
                "BucketEncryption": {"ServerSideEncryptionConfiguration": [kms("one")]},
                "CorsConfiguration": cors("https://a.example"),
                "LifecycleConfiguration": {"Rules": [rule(1)]},
                "LoggingConfiguration": logs("one/"),
                "NotificationConfiguration": notify(one, "one/"),
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]},
                "PublicAccessBlockConfiguration": block(True),
                "Tags": TAGS[0],
                "VersioningConfiguration": {"Status": "Enabled"},
                "WebsiteConfiguration": {"IndexDocument": "one.html", "ErrorDocument": "bad.html"},
            },
            second={
                "AccelerateConfiguration": {"AccelerationStatus": "Suspended"},
                "BucketEncryption": {"ServerSideEncryptionConfiguration": [kms("two")]},
                "CorsConfiguration": cors("https://b.example"),
                "LifecycleConfiguration": {"Rules": [rule(2)]},
                "LoggingConfiguration": logs("two/"),
                "NotificationConfiguration": notify(two, "two/"),
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
                "PublicAccessBlockConfiguration": block(False),
                "Tags": TAGS[1],
                "VersioningConfiguration": {"Status": "Suspended"},
                "WebsiteConfiguration": {"IndexDocument": "two.html"},
            },
            default={
                "BucketEncryption": "AES256",
                "CorsConfiguration": None,
                "LifecycleConfiguration": None,
                "LoggingConfiguration": None,
                "NotificationConfiguration": {},
                "OwnershipControls": None,
                "PublicAccessBlockConfiguration": None,
                "Tags": [],
                "VersioningConfiguration": {"Status": "Suspended"},
                "WebsiteConfiguration": None,
            },
            replaced={"BucketName": (None, f"{prefix}-bucket-of-a-name")},
        ),
        "Locked": Row(
            "AWS::S3::Bucket",
            describe,
            always={
                "ObjectLockEnabled": True,
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
                "PublicAccessBlockConfiguration": block(False),
            },
            first={"ObjectLockConfiguration": lock(1), "AccessControl": "Private"},
            second={"ObjectLockConfiguration": lock(2), "AccessControl": "PublicRead"},
            default={"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}, "AccessControl": "Private"},
        ),
        "Policy": Row(
            "AWS::S3::BucketPolicy",
            policy,
            always={"Bucket": f"{prefix}-target"},
            first={"PolicyDocument": allow("s3:GetObject", objects, **public)},
            second={"PolicyDocument": allow("s3:PutObject", objects, **public)},
            third={"PolicyDocument": allow("s3:ListBucket", f"arn:aws:s3:::{prefix}-target", **public)},
        ),
        "Moved": Row(
            "AWS::S3::BucketPolicy",
            policy,
            always={"PolicyDocument": allow("s3:GetObject", objects, **public), "Bucket": f"{prefix}-moved"},
            replaced={"Bucket": (f"{prefix}-code", f"{prefix}-backup")},
        ),
    }


def _bucket(s3: Any, name: str) -> Properties:
    """The settings of a bucket as a template writes them."""
    from botocore.exceptions import ClientError

    def ask(operation: str) -> dict[str, Any]:
        try:
            return dict(getattr(s3, operation)(Bucket=name))
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchBucket", "404"):
                raise
            return {}

    s3.head_bucket(Bucket=name)
    sse = ask("get_bucket_encryption")["ServerSideEncryptionConfiguration"]["Rules"][0]
    default = sse["ApplyServerSideEncryptionByDefault"]
    encryption = {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": default}]}
    cors = [
        {
            "Id": rule["ID"],
            **{key: rule[key] for key in ("AllowedMethods", "AllowedOrigins")},
            "MaxAge": rule["MaxAgeSeconds"],
        }
        for rule in ask("get_bucket_cors").get("CORSRules", ())
    ]
    life_cycle = [
        {
            "Id": rule["ID"],
            "Status": rule["Status"],
            "Prefix": rule["Filter"]["And"]["Prefix"],
            "TagFilters": rule["Filter"]["And"]["Tags"],
            "ExpirationInDays": rule["Expiration"]["Days"],
        }
        for rule in ask("get_bucket_lifecycle_configuration").get("Rules", ())
    ]
    notifications = [
        {
            "Event": entry["Events"][0],
            "Queue": entry["QueueArn"],
            "Filter": {
                "S3Key": {
                    "Rules": [
                        {"Name": rule["Name"].lower(), "Value": rule["Value"]}
                        for rule in entry["Filter"]["Key"]["FilterRules"]
                    ]
                }
            },
        }
        for entry in ask("get_bucket_notification_configuration").get("QueueConfigurations", ())
    ]
    logging = ask("get_bucket_logging").get("LoggingEnabled")
    website = ask("get_bucket_website")
    site = {"IndexDocument": website.get("IndexDocument", {}).get("Suffix")}
    if "ErrorDocument" in website:
        site["ErrorDocument"] = website["ErrorDocument"]["Key"]
    grants = ask("get_bucket_acl")["Grants"]
    public = any(grant["Grantee"].get("URI", "").endswith("AllUsers") for grant in grants)
    return {
        "AccelerateConfiguration": {"AccelerationStatus": ask("get_bucket_accelerate_configuration").get("Status")},
        "AccessControl": "PublicRead" if public else "Private",
        "BucketEncryption": encryption if "KMSMasterKeyID" in default else default["SSEAlgorithm"],
        "BucketName": name,
        "CorsConfiguration": {"CorsRules": cors} if cors else None,
        "LifecycleConfiguration": {"Rules": life_cycle} if life_cycle else None,
        "LoggingConfiguration": logging
        and {"DestinationBucketName": logging["TargetBucket"], "LogFilePrefix": logging["TargetPrefix"]},
        "NotificationConfiguration": {"QueueConfigurations": notifications} if notifications else {},
        "ObjectLockConfiguration": ask("get_object_lock_configuration").get("ObjectLockConfiguration"),
        "OwnershipControls": ask("get_bucket_ownership_controls").get("OwnershipControls"),
        "PublicAccessBlockConfiguration": ask("get_public_access_block").get("PublicAccessBlockConfiguration"),
        "Tags": tags(ask("get_bucket_tagging").get("TagSet", [])),
        "VersioningConfiguration": {"Status": ask("get_bucket_versioning").get("Status")},
        "WebsiteConfiguration": site if website.get("IndexDocument") else None,
    }


def topics(prefix: str) -> dict[str, Row]:
    """A topic, its policy and a subscription."""
    endpoints = [{"Protocol": "sqs", "Endpoint": arn("sqs", f"{prefix}-{name}")} for name in ("one", "two")]
    topic_arns = [arn("sns", f"{prefix}-{name}") for name in ("one", "two")]

    def describe(stack: EmbeddedStack, topic: str) -> Properties:
        sns = stack.client("sns")
        attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
        subscribed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        return {
            "DisplayName": "",
            "KmsMasterKeyId": "",
            "SignatureVersion": "1",
            "TracingConfig": "PassThrough",
            **attributes,
            "ContentBasedDeduplication": attributes.get("ContentBasedDeduplication") == "true",
            "Subscription": [{key: entry[key] for key in ("Protocol", "Endpoint")} for entry in subscribed],
            "Tags": tags(sns.list_tags_for_resource(ResourceArn=topic)["Tags"]),
        }

    def policy(stack: EmbeddedStack, _: str) -> Properties:
        sns = stack.client("sns")
        documents = [
            json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]) for topic in topic_arns
        ]
        ours = [document.get("Id") is None for document in documents]
        held = [topic for topic, mine in zip(topic_arns, ours, strict=True) if mine]
        return {"Topics": held, "PolicyDocument": next(d for d, mine in zip(documents, ours, strict=True) if mine)}

    def subscription(stack: EmbeddedStack, subscribed: str) -> Properties:
        attributes = stack.client("sns").get_subscription_attributes(SubscriptionArn=subscribed)["Attributes"]
        documents = {
            key: json.loads(attributes.get(key) or "{}") for key in ("FilterPolicy", "RedrivePolicy", "DeliveryPolicy")
        }
        return {
            **attributes,
            **documents,
            "Region": attributes["SubscriptionArn"].split(":")[3],
            "FilterPolicyScope": attributes.get("FilterPolicyScope", "MessageAttributes"),
            "RawMessageDelivery": attributes["RawMessageDelivery"] == "true",
        }

    def dead(name: str) -> dict[str, str]:
        return {"deadLetterTargetArn": arn("sqs", f"{prefix}-{name}")}

    def retries(count: int) -> dict[str, Any]:
        return {"healthyRetryPolicy": {"numRetries": count, "minDelayTarget": 1, "maxDelayTarget": 2}}

    fixed = {"TopicArn": topic_arns[0], **endpoints[0]}
    return {
        "Topic": Row(
            "AWS::SNS::Topic",
            describe,
            first={
                "DisplayName": "one",
                "KmsMasterKeyId": "one",
                "SignatureVersion": "1",
                "Subscription": endpoints[:1],
                "Tags": TAGS[0],
                "TracingConfig": "PassThrough",
            },
            second={
                "DisplayName": "two",
                "KmsMasterKeyId": "two",
                "SignatureVersion": "2",
                "Subscription": endpoints[1:],
                "Tags": TAGS[1],
                "TracingConfig": "Active",
            },
            default={
                "DisplayName": "",
                "KmsMasterKeyId": "",
                "SignatureVersion": "1",
                "Subscription": [],
                "Tags": [],
                "TracingConfig": "PassThrough",
            },
            replaced={"TopicName": (None, f"{prefix}-topic-of-a-name"), "FifoTopic": (None, True)},
        ),
        "Fifo": Row(
            "AWS::SNS::Topic",
            describe,
            always={"FifoTopic": True},
            first={"ContentBasedDeduplication": True},
            second={"ContentBasedDeduplication": False},
            default={"ContentBasedDeduplication": False},
        ),
        "TopicsPolicy": Row(
            "AWS::SNS::TopicPolicy",
            policy,
            first={"Topics": topic_arns, "PolicyDocument": allow("sns:Publish", topic_arns[0], Principal="*")},
            second={"Topics": topic_arns[1:], "PolicyDocument": allow("sns:Subscribe", topic_arns[1], Principal="*")},
            third={"Topics": topic_arns[:1], "PolicyDocument": allow("sns:Publish", topic_arns[0], Principal="*")},
        ),
        "Subscribed": Row(
            "AWS::SNS::Subscription",
            subscription,
            always=fixed,
            first={
                "DeliveryPolicy": retries(1),
                "FilterPolicy": {"kind": ["a"]},
                "FilterPolicyScope": "MessageAttributes",
                "RawMessageDelivery": True,
                "RedrivePolicy": dead("one"),
                "Region": REGION,
            },
            second={
                "DeliveryPolicy": retries(2),
                "FilterPolicy": {"kind": ["b"]},
                "FilterPolicyScope": "MessageBody",
                "RawMessageDelivery": False,
                "RedrivePolicy": dead("two"),
                "Region": REGION,
            },
            default={
                "FilterPolicy": {},
                "FilterPolicyScope": "MessageAttributes",
                "RawMessageDelivery": False,
                "RedrivePolicy": {},
                "DeliveryPolicy": {},
            },
        ),
        "Subscriber": Row(
            "AWS::SNS::Subscription",
            subscription,
            always={"TopicArn": topic_arns[1], **endpoints[0]},
            replaced={
                "Endpoint": (endpoints[0]["Endpoint"], endpoints[1]["Endpoint"]),
                "TopicArn": (topic_arns[1], topic_arns[0]),
            },
        ),
        "ByProtocol": Row(
            "AWS::SNS::Subscription",
            subscription,
            always={"TopicArn": topic_arns[1]},
            replaced={
                "Protocol": (
                    Given(Protocol="lambda", Endpoint=arn("lambda", f"function:{prefix}-one")),
                    Given(Protocol="sqs", Endpoint=arn("sqs", f"{prefix}-two")),
                )
            },
        ),
    }


def queues(place: Place) -> dict[str, Row]:
    """A queue, a FIFO queue and a policy on queues."""
    prefix = place.prefix
    numbers = (
        "DelaySeconds",
        "KmsDataKeyReusePeriodSeconds",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "ReceiveMessageWaitTimeSeconds",
        "VisibilityTimeout",
    )

    def describe(stack: EmbeddedStack, address: str) -> Properties:
        sqs = stack.client("sqs")
        attributes = sqs.get_queue_attributes(QueueUrl=address, AttributeNames=["All"])["Attributes"]
        documents = {
            key: json.loads(attributes[key]) for key in ("RedrivePolicy", "RedriveAllowPolicy") if attributes.get(key)
        }
        return {
            "KmsMasterKeyId": "",
            "RedrivePolicy": None,
            "RedriveAllowPolicy": None,
            **attributes,
            **{key: int(attributes[key]) for key in numbers if key in attributes},
            **documents,
            "ContentBasedDeduplication": attributes.get("ContentBasedDeduplication") == "true",
            "SqsManagedSseEnabled": attributes.get("SqsManagedSseEnabled") == "true",
            "Tags": tags(sqs.list_queue_tags(QueueUrl=address).get("Tags") or {}),
        }

    def policy(stack: EmbeddedStack, _: str) -> Properties:
        sqs = stack.client("sqs")
        found = {}
        for name in ("one", "two"):
            address = sqs.get_queue_url(QueueName=f"{prefix}-policed-{name}")["QueueUrl"]
            attributes = sqs.get_queue_attributes(QueueUrl=address, AttributeNames=["Policy"]).get("Attributes", {})
            if attributes.get("Policy"):
                found[address] = json.loads(attributes["Policy"])
        return {"Queues": list(found), "PolicyDocument": next(iter(found.values()))}

    def dead(name: str, count: int) -> dict[str, Any]:
        return {"deadLetterTargetArn": arn("sqs", f"{prefix}-{name}"), "maxReceiveCount": count}

    return {
        "Queue": Row(
            "AWS::SQS::Queue",
            describe,
            first={
                "DelaySeconds": 1,
                "MaximumMessageSize": 2000,
                "MessageRetentionPeriod": 100,
                "ReceiveMessageWaitTimeSeconds": 1,
                "RedriveAllowPolicy": {"redrivePermission": "allowAll"},
                "RedrivePolicy": dead("one", 1),
                "SqsManagedSseEnabled": False,
                "Tags": TAGS[0],
                "VisibilityTimeout": 1,
            },
            second={
                "DelaySeconds": 2,
                "MaximumMessageSize": 3000,
                "MessageRetentionPeriod": 200,
                "ReceiveMessageWaitTimeSeconds": 2,
                "RedriveAllowPolicy": {"redrivePermission": "denyAll"},
                "RedrivePolicy": dead("two", 2),
                "SqsManagedSseEnabled": True,
                "Tags": TAGS[1],
                "VisibilityTimeout": 2,
            },
            default={
                "DelaySeconds": 0,
                "MaximumMessageSize": 262_144,
                "MessageRetentionPeriod": 345_600,
                "ReceiveMessageWaitTimeSeconds": 0,
                "RedriveAllowPolicy": None,
                "RedrivePolicy": None,
                "Tags": [],
                "VisibilityTimeout": 30,
            },
            replaced={"QueueName": (None, f"{prefix}-queue-of-a-name"), "FifoQueue": (None, True)},
        ),
        "Encrypted": Row(
            "AWS::SQS::Queue",
            describe,
            first={"KmsMasterKeyId": "one", "KmsDataKeyReusePeriodSeconds": 60},
            second={"KmsMasterKeyId": "two", "KmsDataKeyReusePeriodSeconds": 70},
            default={"KmsMasterKeyId": ""},
        ),
        "FifoQueue": Row(
            "AWS::SQS::Queue",
            describe,
            always={"FifoQueue": True},
            first={
                "ContentBasedDeduplication": True,
                "DeduplicationScope": "messageGroup",
                "FifoThroughputLimit": "perMessageGroupId",
            },
            second={
                "ContentBasedDeduplication": False,
                "DeduplicationScope": "queue",
                "FifoThroughputLimit": "perQueue",
            },
            default={"ContentBasedDeduplication": False},
        ),
        "QueuePolicyUnderTest": Row(
            "AWS::SQS::QueuePolicy",
            policy,
            first={"Queues": place.policed, "PolicyDocument": allow("sqs:SendMessage", Principal="*")},
            second={"Queues": place.policed[1:], "PolicyDocument": allow("sqs:ReceiveMessage", Principal="*")},
            third={"Queues": place.policed[:1], "PolicyDocument": allow("sqs:SendMessage", Principal="*")},
        ),
    }
