"""The configuration of a destination as values, and AWS's rules about it.

Pure: takes the API's structures, returns frozen settings, and raises ConfigurationError with the text for the caller.
Sources: the Firehose API reference (ExtendedS3DestinationConfiguration, BufferingHints, Processor) and
https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from emulator.firehose.buffer import MIB, Hints
from emulator.firehose.compression import Compression
from emulator.firehose.keys import KeyLayout, PrefixError

Config = Mapping[str, Any]

DEFAULT_SIZE_MIB = 5
DEFAULT_INTERVAL_S = 300
DEFAULT_LAMBDA_RETRIES = 3


class ConfigurationError(ValueError):
    """A configuration that Firehose refuses; its text is for whoever configured it."""


class SubRecords(Enum):
    """What one record may hold several of."""

    JSON = "JSON"
    DELIMITED = "DELIMITED"


@dataclass(frozen=True)
class Transformation:
    """A Lambda function that every batch of records passes through."""

    function_arn: str
    retries: int = DEFAULT_LAMBDA_RETRIES
    batch_bytes: int = MIB


@dataclass(frozen=True)
class Processing:
    """What happens to records between buffer and object, in this order."""

    split: SubRecords | None = None
    split_delimiter: bytes = b""
    transformation: Transformation | None = None
    append: bytes = b""


@dataclass(frozen=True)
class S3Target:
    """Where objects go, and how they are named and packed."""

    bucket: str
    layout: KeyLayout
    compression: Compression = Compression.UNCOMPRESSED
    kms_key: str | None = None


@dataclass(frozen=True)
class Destination:
    """Everything about one S3 destination; `backup`, where given, receives the records as they came."""

    target: S3Target
    hints: Hints
    processing: Processing = Processing()
    backup: S3Target | None = None


def destination_of(config: Config) -> Destination:
    """The settings in a (Extended)S3DestinationConfiguration.

    Raises ConfigurationError for what Firehose refuses and for what this emulator does not do.
    """
    for name in ("DynamicPartitioningConfiguration", "DataFormatConversionConfiguration"):
        if (config.get(name) or {}).get("Enabled"):
            raise ConfigurationError(f"{name} is not supported by this emulator.")
    backup = config.get("S3BackupConfiguration")
    if config.get("S3BackupMode") == "Enabled" and not backup:
        raise ConfigurationError("S3BackupConfiguration must be specified when S3BackupMode is Enabled.")
    return Destination(
        target=_target(config),
        hints=_hints(config.get("BufferingHints") or {}),
        processing=_processing(config.get("ProcessingConfiguration") or {}),
        backup=_target(backup) if backup and config.get("S3BackupMode") == "Enabled" else None,
    )


def _target(config: Config) -> S3Target:
    compression = Compression(config.get("CompressionFormat") or "UNCOMPRESSED")
    zone = config.get("CustomTimeZone") or "UTC"
    try:
        ZoneInfo(zone)
        layout = KeyLayout(
            prefix=config.get("Prefix") or "",
            error_prefix=config.get("ErrorOutputPrefix") or "",
            extension=config.get("FileExtension") or compression.extension,
            zone=zone,
        )
    except ZoneInfoNotFoundError as error:
        raise ConfigurationError(f"CustomTimeZone {zone} is not a supported time zone.") from error
    except PrefixError as error:
        # The typo is AWS's own.
        text = f"Ths supplied prefix(es) do not satisfy the following constraint: {error}"
        raise ConfigurationError(text) from error
    encryption = (config.get("EncryptionConfiguration") or {}).get("KMSEncryptionConfig") or {}
    bucket = str(config["BucketARN"]).rsplit(":", 1)[-1]
    return S3Target(bucket, layout, compression, encryption.get("AWSKMSKeyARN"))


def _hints(config: Config) -> Hints:
    size, interval = config.get("SizeInMBs"), config.get("IntervalInSeconds")
    if (size is None) != (interval is None):
        raise ConfigurationError("BufferingHints must specify both SizeInMBs and IntervalInSeconds, or neither.")
    if size is None or interval is None:
        return Hints(DEFAULT_SIZE_MIB * MIB, DEFAULT_INTERVAL_S)
    return Hints(size * MIB, interval)


def _processing(config: Config) -> Processing:
    if not config.get("Enabled"):
        return Processing()
    parts: dict[str, Any] = {}
    for processor in config.get("Processors") or []:
        kind = processor["Type"]
        parse = _PROCESSORS.get(kind)
        if parse is None:
            supported = ", ".join(sorted(_PROCESSORS))
            raise ConfigurationError(f"Processor type {kind} is not supported by this emulator; it knows {supported}.")
        parts |= parse({p["ParameterName"]: p["ParameterValue"] for p in processor.get("Parameters") or []})
    return Processing(**parts)


def _lambda(parameters: Mapping[str, str]) -> dict[str, Any]:
    arn = parameters.get("LambdaArn")
    if not arn:
        raise ConfigurationError("Processor of type Lambda needs the parameter LambdaArn.")
    retries = _number(parameters, "NumberOfRetries", DEFAULT_LAMBDA_RETRIES, 0, 300)
    size = _number(parameters, "BufferSizeInMBs", 1, 0.2, 3)
    _number(parameters, "BufferIntervalInSeconds", 60, 0, 900)
    return {"transformation": Transformation(arn, int(retries), int(size * MIB))}


def _number(parameters: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    try:
        value = float(parameters.get(name, default))
    except ValueError as error:
        raise ConfigurationError(f"Processor parameter {name} must be a number.") from error
    if not low <= value <= high:
        raise ConfigurationError(f"Processor parameter {name} must be between {low:g} and {high:g}.")
    return value


def _split(parameters: Mapping[str, str]) -> dict[str, Any]:
    kind = parameters.get("SubRecordType")
    if kind not in {member.value for member in SubRecords}:
        raise ConfigurationError("Processor of type RecordDeAggregation needs SubRecordType JSON or DELIMITED.")
    if kind == SubRecords.JSON.value:
        return {"split": SubRecords.JSON}
    delimiter = _decoded(parameters.get("Delimiter", ""))
    if not delimiter:
        raise ConfigurationError("SubRecordType DELIMITED needs the parameter Delimiter, base64-encoded.")
    return {"split": SubRecords.DELIMITED, "split_delimiter": delimiter}


def _append(parameters: Mapping[str, str]) -> dict[str, Any]:
    # The console and CDK send the two characters backslash and n.
    return {"append": parameters.get("Delimiter", "\\n").encode().decode("unicode_escape").encode("latin-1")}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ConfigurationError("Processor parameter Delimiter must be base64-encoded.") from error


_PROCESSORS = {"Lambda": _lambda, "RecordDeAggregation": _split, "AppendDelimiterToRecord": _append}
