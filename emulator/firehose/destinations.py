"""The structures that DescribeDeliveryStream answers with, and the merging that UpdateDestination does.

Pure. Source: the Firehose API reference (ExtendedS3DestinationDescription, UpdateDestination).
"""

from typing import Any

DESTINATION_ID = "destinationId-000000000001"
_S3_FIELDS = (
    "RoleARN",
    "BucketARN",
    "Prefix",
    "ErrorOutputPrefix",
    "BufferingHints",
    "CompressionFormat",
    "EncryptionConfiguration",
    "CloudWatchLoggingOptions",
)


def s3_description(config: dict[str, Any]) -> dict[str, Any]:
    """S3DestinationDescription: what was configured, with AWS's defaults for the rest."""
    defaults = {
        "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
        "CompressionFormat": "UNCOMPRESSED",
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        "CloudWatchLoggingOptions": {"Enabled": False},
    }
    return defaults | {name: config[name] for name in _S3_FIELDS if config.get(name) is not None}


def description(config: dict[str, Any], *, extended: bool) -> dict[str, Any]:
    """DestinationDescription; an extended destination is described in both forms, as on AWS."""
    found: dict[str, Any] = {
        "DestinationId": DESTINATION_ID,
        "S3DestinationDescription": s3_description(config),
    }
    if extended:
        full = {"S3BackupMode": "Disabled"} | _given(config) | s3_description(config)
        backup = full.pop("S3BackupConfiguration", None)
        if backup:
            full["S3BackupDescription"] = s3_description(backup)
        found["ExtendedS3DestinationDescription"] = full
    return found


def merged(config: dict[str, Any], update: dict[str, Any]) -> dict[str, Any]:
    """The configuration after an update: what it does not name stays."""
    changes = _given(update)
    backup = changes.pop("S3BackupUpdate", None)
    if backup:
        changes["S3BackupConfiguration"] = (config.get("S3BackupConfiguration") or {}) | _given(backup)
    return config | changes


def _given(config: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if value is not None}
