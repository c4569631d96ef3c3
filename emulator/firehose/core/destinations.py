"""The configuration of a destination in the API's structures: its description, and the merging of an update.

Pure. Source: the Firehose API reference (ExtendedS3DestinationDescription, HttpEndpointDestinationDescription,
UpdateDestination).
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from wavetank.emulator.firehose.core.settings import (
    ConfigurationError,
    Destination,
    destination_of,
    endpoint_destination_of,
)

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
_UPDATES = {"S3BackupUpdate": "S3BackupConfiguration", "S3Update": "S3Configuration"}
"""Field of an update → the structure that it is merged into."""


class Kind(Enum):
    """The destinations that there are, by the names of the API: …Configuration, …Update, …Description."""

    EXTENDED_S3 = "ExtendedS3Destination"
    S3 = "S3Destination"
    HTTP_ENDPOINT = "HttpEndpointDestination"


@dataclass(frozen=True)
class Configuration:
    """A destination as it was configured: its kind, and the structure of the API."""

    kind: Kind
    fields: dict[str, Any]

    def settings(self, *, lenient: bool) -> Destination:
        """The settings; raises ConfigurationError for what Firehose or this emulator refuses."""
        parse = endpoint_destination_of if self.kind is Kind.HTTP_ENDPOINT else destination_of
        return parse(self.fields, lenient=lenient)

    def bucket_arns(self) -> set[str]:
        """The buckets that records go to."""
        structures = (self.fields, self.fields.get("S3BackupConfiguration"), self.fields.get("S3Configuration"))
        return {item["BucketARN"] for item in structures if item and item.get("BucketARN")}

    def description(self) -> dict[str, Any]:
        """DestinationDescription; an extended S3 destination is described in both forms, as on AWS."""
        if self.kind is Kind.HTTP_ENDPOINT:
            described = {"HttpEndpointDestinationDescription": _endpoint_description(self.fields)}
            return {"DestinationId": DESTINATION_ID, **described}
        described = {"S3DestinationDescription": _s3_description(self.fields)}
        if self.kind is Kind.EXTENDED_S3:
            full = {"S3BackupMode": "Disabled"} | _given(self.fields) | _s3_description(self.fields)
            partitioning = _partitioning(full)
            if partitioning.get("Enabled"):
                retries = {"RetryOptions": {"DurationInSeconds": 300}}
                full["DynamicPartitioningConfiguration"] = retries | _given(partitioning)
                if self.fields.get("BufferingHints") is None:
                    full["BufferingHints"] = {"SizeInMBs": 128, "IntervalInSeconds": 300}
            backup = full.pop("S3BackupConfiguration", None)
            if backup:
                full["S3BackupDescription"] = _s3_description(backup)
            described["ExtendedS3DestinationDescription"] = full
        return {"DestinationId": DESTINATION_ID, **described}

    def updated(self, kind: Kind, update: dict[str, Any]) -> "Configuration":
        """The configuration after an update, with all other fields as before unless the type of destination changes.

        Raises ConfigurationError for what cannot be changed, or is missing.
        """
        if (kind is Kind.HTTP_ENDPOINT) is not (self.kind is Kind.HTTP_ENDPOINT):
            fields = _merged({}, update)
            needed, backup = ("RoleARN", "BucketARN"), None
            if kind is Kind.HTTP_ENDPOINT:
                needed, backup = ("EndpointConfiguration", "S3Configuration"), fields.get("S3Configuration")
            missing = [name for name in needed if not fields.get(name)]
            if backup:
                missing += [f"S3Configuration.{name}" for name in ("RoleARN", "BucketARN") if not backup.get(name)]
            if missing:
                raise ConfigurationError(
                    f"{', '.join(missing)} must be specified: nothing is taken over from a destination of another type."
                )
        else:
            fields = _merged(self.fields, update)
            was_on, is_on = (bool(_partitioning(config).get("Enabled")) for config in (self.fields, fields))
            if was_on and not is_on:
                raise ConfigurationError("Dynamic Partitioning cannot be disabled once it is enabled on a Firehose.")
            if is_on and not was_on:
                raise ConfigurationError("Dynamic Partitioning can only be enabled when a Firehose is created.")
        return Configuration(kind, fields)


def _partitioning(fields: dict[str, Any]) -> dict[str, Any]:
    return fields.get("DynamicPartitioningConfiguration") or {}


def _merged(fields: dict[str, Any], update: dict[str, Any]) -> dict[str, Any]:
    changes = _given(update)
    for name, inner in _UPDATES.items():
        change = changes.pop(name, None)
        if change:
            changes[inner] = (fields.get(inner) or {}) | _given(change)
    return fields | changes


def _s3_description(config: dict[str, Any]) -> dict[str, Any]:
    """S3DestinationDescription: the configured fields, with AWS's defaults for the rest."""
    defaults = {
        "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
        "CompressionFormat": "UNCOMPRESSED",
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        "CloudWatchLoggingOptions": {"Enabled": False},
    }
    return defaults | {name: config[name] for name in _S3_FIELDS if config.get(name) is not None}


def _endpoint_description(config: dict[str, Any]) -> dict[str, Any]:
    """HttpEndpointDestinationDescription: without the access key, which no answer repeats."""
    defaults: dict[str, Any] = {
        "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
        "CloudWatchLoggingOptions": {"Enabled": False},
        "RequestConfiguration": {"ContentEncoding": "NONE", "CommonAttributes": []},
        "ProcessingConfiguration": {"Enabled": False, "Processors": []},
        "RetryOptions": {"DurationInSeconds": 300},
        "S3BackupMode": "FailedDataOnly",
    }
    full = defaults | _given(config)
    full["S3DestinationDescription"] = _s3_description(full.pop("S3Configuration"))
    endpoint = full["EndpointConfiguration"]
    full["EndpointConfiguration"] = {name: endpoint[name] for name in ("Url", "Name") if endpoint.get(name) is not None}
    return full


def _given(config: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if value is not None}
