"""The configuration of a destination as values, and AWS's rules about it.

Pure: takes the API's structures, returns frozen settings, and raises ConfigurationError with the text for the caller.
Sources: the Firehose API reference (ExtendedS3DestinationConfiguration, HttpEndpointDestinationConfiguration,
BufferingHints, Processor), https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html and
dynamic-partitioning.html of the same guide. Texts about dynamic partitioning are those that CloudFormation reports.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wavetank.emulator.firehose.core.buffer import MIB, Hints
from wavetank.emulator.firehose.core.compression import Compression
from wavetank.emulator.firehose.core.endpoint_url import EndpointUrl, UrlError
from wavetank.emulator.firehose.core.keys import KeyLayout, KeySource, PrefixError

Config = Mapping[str, Any]

DEFAULT_SIZE_MIB = 5
DEFAULT_INTERVAL_S = 300
DEFAULT_LAMBDA_RETRIES = 3
DEFAULT_RETRY_S = 300.0
PARTITIONED_SIZE_MIB = 128
LEAST_PARTITIONED_SIZE_MIB = 64
LEAST_PARTITIONED_INTERVAL_S = 60
JQ = "JQ-1.6"


class ConfigurationError(ValueError):
    """A configuration that Firehose refuses; the text is for the caller."""


class SubRecords(Enum):
    """The kinds of sub-records that a record may hold several of."""

    JSON = "JSON"
    DELIMITED = "DELIMITED"


@dataclass(frozen=True)
class Transformation:
    """A Lambda function that every batch of records passes through.

    `lenient`: results without a status count as Ok, and direct puts carry Kinesis metadata, as in LocalStack.
    """

    function_arn: str
    retries: int = DEFAULT_LAMBDA_RETRIES
    batch_bytes: int = MIB
    lenient: bool = False


@dataclass(frozen=True)
class Processing:
    """The steps between buffer and destination, in this order."""

    split: SubRecords | None = None
    split_delimiter: bytes = b""
    transformation: Transformation | None = None
    query: str | None = None
    append: bytes = b""


@dataclass(frozen=True)
class S3Target:
    """The bucket that objects go to, how they are named and packed, and the role by which they are written."""

    bucket: str
    layout: KeyLayout
    compression: Compression = Compression.UNCOMPRESSED
    kms_key: str | None = None
    role: str = ""


@dataclass(frozen=True)
class Partitioning:
    """Dynamic partitioning: the query for the keys, if any, and how long an object is tried to be written."""

    query: str | None
    retry_s: float = DEFAULT_RETRY_S


@dataclass(frozen=True)
class Endpoint:
    """An HTTP endpoint that records are posted to, and how long a request is tried again (0: once)."""

    url: EndpointUrl
    access_key: str = ""
    common_attributes: tuple[tuple[str, str], ...] = ()
    gzip: bool = False
    retry_s: float = DEFAULT_RETRY_S


@dataclass(frozen=True)
class Destination:
    """Everything about one destination.

    Without an endpoint, `target` receives the records; with one, those that could not be delivered to it. `backup`,
    where given, receives the records as they came in.
    """

    target: S3Target
    hints: Hints
    processing: Processing = Processing()
    backup: S3Target | None = None
    partitioning: Partitioning | None = None
    endpoint: Endpoint | None = None


def destination_of(config: Config, *, lenient: bool = False) -> Destination:
    """The settings in a (Extended)S3DestinationConfiguration.

    Raises ConfigurationError for what Firehose refuses and for what this emulator does not do. `lenient` lets
    through requests of suites written for LocalStack that AWS refuses.
    """
    conversion = config.get("DataFormatConversionConfiguration") or {}
    if conversion and conversion.get("Enabled") is not False and (conversion.get("SchemaConfiguration") or not lenient):
        raise ConfigurationError(
            "DataFormatConversionConfiguration is not supported by this emulator: record format conversion takes its "
            "schema from AWS Glue, which there is not. Records are delivered as they are, or as a Lambda function "
            "transforms them."
        )
    backup = config.get("S3BackupConfiguration")
    if config.get("S3BackupMode") == "Enabled" and not backup:
        raise ConfigurationError("S3BackupConfiguration must be specified when S3BackupMode is Enabled.")
    target, processing = _target(config), _processing(config.get("ProcessingConfiguration") or {}, lenient=lenient)
    partitioning = _partitioning(config, target.layout, processing, lenient=lenient)
    return Destination(
        target=target,
        hints=_hints(config.get("BufferingHints") or {}, partitioned=partitioning is not None),
        processing=processing,
        backup=_unpartitioned(_target(backup)) if backup and config.get("S3BackupMode") == "Enabled" else None,
        partitioning=partitioning,
    )


def endpoint_destination_of(config: Config, *, lenient: bool = False) -> Destination:
    """The settings in a HttpEndpointDestinationConfiguration; raises as `destination_of` does."""
    for name in ("EndpointConfiguration", "S3Configuration"):
        if not config.get(name):
            raise ConfigurationError(f"{name} must be specified for an HTTP endpoint destination.")
    if (config.get("SecretsManagerConfiguration") or {}).get("Enabled"):
        raise ConfigurationError(
            "SecretsManagerConfiguration is not supported by this emulator; "
            "give the access key as AccessKey of the EndpointConfiguration."
        )
    processing = _processing(config.get("ProcessingConfiguration") or {}, lenient=lenient)
    if processing.query is not None:
        raise ConfigurationError("Dynamic Partitioning is only supported for Amazon S3 destinations.")
    target = _unpartitioned(_target(config["S3Configuration"]))
    return Destination(
        target=target,
        hints=_hints(config.get("BufferingHints") or {}),
        processing=processing,
        backup=target if config.get("S3BackupMode") == "AllData" else None,
        endpoint=_endpoint(config),
    )


def _endpoint(config: Config) -> Endpoint:
    endpoint, request = config["EndpointConfiguration"], config.get("RequestConfiguration") or {}
    access_key = endpoint.get("AccessKey") or ""
    if not all(" " <= letter <= "~" for letter in access_key):
        raise ConfigurationError("AccessKey must be of printable ASCII characters: it is sent as an HTTP header.")
    attributes = request.get("CommonAttributes") or []
    names = [attribute["AttributeName"] for attribute in attributes]
    if len(set(names)) < len(names):
        raise ConfigurationError("CommonAttributes must have different names.")
    try:
        url = EndpointUrl.parse(endpoint["Url"])
    except UrlError as error:
        raise ConfigurationError(str(error)) from error
    return Endpoint(
        url=url,
        access_key=access_key,
        common_attributes=tuple((item["AttributeName"], item["AttributeValue"]) for item in attributes),
        gzip=request.get("ContentEncoding") == "GZIP",
        retry_s=_retry_s(config),
    )


def _retry_s(config: Config) -> float:
    duration = (config.get("RetryOptions") or {}).get("DurationInSeconds")
    return DEFAULT_RETRY_S if duration is None else float(duration)


def _partitioning(config: Config, layout: KeyLayout, processing: Processing, *, lenient: bool) -> Partitioning | None:
    """The dynamic partitioning that a configuration enables, by the rules that tie it to prefix and processors."""
    asked = config.get("DynamicPartitioningConfiguration") or {}
    sources = {key.source for key in layout.partition_keys}
    if not asked.get("Enabled"):
        if sources or processing.query is not None:
            raise ConfigurationError(
                "Dynamic Partitioning Namespaces and MetadataExtraction processors can only be used "
                "when Dynamic Partitioning is enabled."
            )
        return None
    if processing.query is None and processing.transformation is None:
        raise ConfigurationError("Processing Configuration is not enabled when DataPartitioning is enabled")
    if not sources:
        raise ConfigurationError(
            "S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is enabled"
        )
    if KeySource.QUERY in sources and processing.query is None:
        raise ConfigurationError(
            "MetadataExtraction processor should be present when S3 Prefix has partitionKeyFromQuery namespace"
        )
    if KeySource.LAMBDA in sources and processing.transformation is None and not lenient:
        raise ConfigurationError(
            "Lambda should be present when S3 Prefix contains keys from partitionKeyFromLambda namespace"
        )
    return Partitioning(processing.query if KeySource.QUERY in sources else None, _retry_s(asked))


def _unpartitioned(target: S3Target) -> S3Target:
    if target.layout.partition_keys:
        raise ConfigurationError("Dynamic Partitioning is only supported for the Prefix of an Amazon S3 destination.")
    return target


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
    role = str(config.get("RoleARN") or "")
    return S3Target(bucket, layout, compression, encryption.get("AWSKMSKeyARN"), role)


def _hints(config: Config, *, partitioned: bool = False) -> Hints:
    size, interval = config.get("SizeInMBs"), config.get("IntervalInSeconds")
    if (size is None) != (interval is None):
        raise ConfigurationError("BufferingHints must specify both SizeInMBs and IntervalInSeconds, or neither.")
    if size is None or interval is None:
        return Hints((PARTITIONED_SIZE_MIB if partitioned else DEFAULT_SIZE_MIB) * MIB, DEFAULT_INTERVAL_S)
    if partitioned and size < LEAST_PARTITIONED_SIZE_MIB:
        raise ConfigurationError(
            f"BufferingHints.SizeInMBs must be at least {LEAST_PARTITIONED_SIZE_MIB} "
            "when Dynamic Partitioning is enabled."
        )
    if partitioned and interval < LEAST_PARTITIONED_INTERVAL_S:
        raise ConfigurationError(
            f"BufferingHints.IntervalInSeconds must be at least {LEAST_PARTITIONED_INTERVAL_S} seconds "
            "when Dynamic Partitioning is enabled."
        )
    return Hints(size * MIB, interval)


def _processing(config: Config, *, lenient: bool) -> Processing:
    if not config.get("Enabled"):
        return Processing()
    parts: dict[str, Any] = {}
    kinds: set[str] = set()
    for processor in config.get("Processors") or []:
        kind = processor["Type"]
        parse = _PROCESSORS.get(kind)
        if parse is None:
            supported = ", ".join(sorted(_PROCESSORS))
            raise ConfigurationError(f"Processor type {kind} is not supported by this emulator; it knows {supported}.")
        if kind in kinds:
            raise ConfigurationError(f"Only one processor of type {kind} is allowed.")
        kinds.add(kind)
        parts |= parse({p["ParameterName"]: p["ParameterValue"] for p in processor.get("Parameters") or []})
    processing = Processing(**parts)
    if processing.transformation is None or not lenient:
        return processing
    return replace(processing, transformation=replace(processing.transformation, lenient=True))


def _lambda(parameters: Mapping[str, str]) -> dict[str, Any]:
    arn = parameters.get("LambdaArn")
    if not arn:
        raise ConfigurationError("Processor of type Lambda needs the parameter LambdaArn.")
    retries = _number(parameters, "NumberOfRetries", DEFAULT_LAMBDA_RETRIES, low=0, high=300)
    size = _number(parameters, "BufferSizeInMBs", 1, low=0.2, high=3)
    _number(parameters, "BufferIntervalInSeconds", 60, low=0, high=900)
    return {"transformation": Transformation(arn, int(retries), int(size * MIB))}


def _number(parameters: Mapping[str, str], name: str, default: float, *, low: float, high: float) -> float:
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
    try:
        delimiter = base64.b64decode(parameters.get("Delimiter", ""), validate=True)
    except binascii.Error as error:
        raise ConfigurationError("Processor parameter Delimiter must be base64-encoded.") from error
    if not delimiter:
        raise ConfigurationError("SubRecordType DELIMITED needs the parameter Delimiter, base64-encoded.")
    return {"split": SubRecords.DELIMITED, "split_delimiter": delimiter}


def _query(parameters: Mapping[str, str]) -> dict[str, Any]:
    query, engine = parameters.get("MetadataExtractionQuery"), parameters.get("JsonParsingEngine")
    if not query:
        raise ConfigurationError("Processor of type MetadataExtraction needs the parameter MetadataExtractionQuery.")
    if engine != JQ:
        raise ConfigurationError(f"Processor of type MetadataExtraction needs the parameter JsonParsingEngine={JQ}.")
    return {"query": query}


_PROCESSORS: Mapping[str, Callable[[Mapping[str, str]], dict[str, Any]]] = {
    "Lambda": _lambda,
    "MetadataExtraction": _query,
    "RecordDeAggregation": _split,
    # The console and CDK send the two characters backslash and n.
    "AppendDelimiterToRecord": lambda parameters: {
        "append": parameters.get("Delimiter", "\\n").encode().decode("unicode_escape").encode("latin-1")
    },
}
