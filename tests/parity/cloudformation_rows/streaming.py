"""Kinesis and Firehose streams."""

from typing import Any

from tests.parity.cloudformation_rows.row import ACCOUNT, TAGS, Given, Properties, Row, arn, tags
from wavetank.emulator.stack.stack import EmbeddedStack


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
