"""The keys of delivered objects: prefix expressions and AWS's object name.

Pure: takes the instant and a source of random text.
Sources: https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html and s3-object-name.html of the same guide.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from random import Random
from zoneinfo import ZoneInfo

from wavetank.emulator.firehose.core.datepattern import DatePatternError, format_date

HOUR_FOLDERS = "yyyy/MM/dd/HH/"
MAX_EVALUATED = 512  # characters of an evaluated prefix
MAX_PREFIX_BYTES = 700
"""UTF-8 bytes of an evaluated prefix: a key of S3 has 1,024 at most, of which the object's name takes some 200."""
RANDOM_STRING_LENGTH = 11

_EXPRESSION = re.compile(r"!\{(?P<namespace>[^:{}]*):(?P<value>[^{}]*)\}")


class PrefixError(ValueError):
    """A prefix that Firehose refuses; the text says which rule it breaks."""


class ErrorOutput(Enum):
    """Why records go to the error prefix."""

    PROCESSING_FAILED = "processing-failed"
    HTTP_ENDPOINT_FAILED = "http-endpoint-failed"
    METADATA_EXTRACTION_FAILED = "metadata-extraction-failed"
    ACTIVE_PARTITIONS_LIMIT_EXCEEDED = "active-partitions-limit-exceeded"


class KeySource(Enum):
    """The source of a partition key's value: a query over the record, or the transformation function."""

    QUERY = "partitionKeyFromQuery"
    LAMBDA = "partitionKeyFromLambda"


_KEY_SOURCES = frozenset(source.value for source in KeySource)


@dataclass(frozen=True)
class PartitionKey:
    """A partition key that a prefix names."""

    source: KeySource
    name: str


Partition = Mapping[PartitionKey, str]
"""The values of the partition keys of a record: records with the same ones share an object."""


@dataclass(frozen=True)
class KeyLayout:
    """The names of a destination's objects: prefixes, extension and time zone.

    Raises PrefixError for prefixes that break a rule of the prefix language.
    """

    prefix: str = ""
    error_prefix: str = ""
    extension: str = ""
    zone: str = "UTC"

    def __post_init__(self) -> None:
        prefix, error_prefix = self.prefix, self.error_prefix
        if "!{" in prefix and not error_prefix:
            raise PrefixError("ErrorOutputPrefix cannot be null or empty when Prefix contains expressions")
        if "!{firehose:error-output-type}" in prefix:
            raise PrefixError("Prefix cannot contain !{firehose:error-output-type}")
        if "!{" in error_prefix and "!{firehose:error-output-type}" not in error_prefix:
            raise PrefixError(
                "ErrorOutputPrefix must contain at least one instance of !{firehose:error-output-type} "
                "when it contains expressions"
            )
        for source in KeySource:
            if f"!{{{source.value}:" in error_prefix:
                raise PrefixError(f"ErrorOutputPrefix cannot contain !{{{source.value}:...}}")
        for text in (prefix, error_prefix):
            if "!{" in _EXPRESSION.sub("", text):
                raise PrefixError("the sequence !{ can only appear in !{namespace:value} expressions")
        noon = datetime(2000, 1, 1, 12, tzinfo=UTC)
        probe = _Evaluation(noon, Random(0), ErrorOutput.PROCESSING_FAILED)  # noqa: S311 - thrown away
        for prefix in (self.prefix, self.error_prefix):
            if len(probe.evaluate(prefix)) > MAX_EVALUATED:
                raise PrefixError(f"prefixes cannot be longer than {MAX_EVALUATED} characters once evaluated")

    @property
    def partition_keys(self) -> tuple[PartitionKey, ...]:
        """The partition keys in the prefix, each once, in order."""
        keys = (
            PartitionKey(KeySource(match["namespace"]), match["value"])
            for match in _EXPRESSION.finditer(self.prefix)
            if match["namespace"] in _KEY_SOURCES
        )
        return tuple(dict.fromkeys(keys))

    def is_too_long(self, partition: Partition, at: float) -> bool:
        """Whether the prefix, evaluated for a partition, is longer than it may be, or than a key in S3 can be."""
        folders = self._folders(_Evaluation(self._when(at), Random(0), partition=partition))  # noqa: S311 - thrown away
        return len(folders) > MAX_EVALUATED or len(folders.encode("utf-8", "replace")) > MAX_PREFIX_BYTES

    def key(self, name: str, version: int, at: float, rng: Random, partition: Partition | None = None) -> str:
        """The key of a delivered object; `at` is the arrival of its oldest record, in seconds since the epoch."""
        when = self._when(at)
        return self._folders(_Evaluation(when, rng, partition=partition or {})) + self._name(name, version, when, rng)

    def error_key(self, name: str, version: int, at: float, why: ErrorOutput, rng: Random) -> str:
        """The key of an object of failed records."""
        when = self._when(at)
        prefix = self.error_prefix or self.prefix
        folders = _Evaluation(when, rng, why).evaluate(prefix)
        if "!{" not in prefix:
            folders += f"{why.value}/{format_date(HOUR_FOLDERS, when)}"
        return folders + self._name(name, version, when, rng)

    def _folders(self, evaluation: "_Evaluation") -> str:
        folders = evaluation.evaluate(self.prefix)
        if "!{timestamp:" in self.prefix or self.partition_keys:
            return folders
        return folders + format_date(HOUR_FOLDERS, evaluation.when)

    def _when(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, UTC if self.zone in ("", "UTC") else ZoneInfo(self.zone))

    def _name(self, name: str, version: int, when: datetime, rng: Random) -> str:
        suffix = uuid.UUID(int=rng.getrandbits(128), version=4)
        return f"{name}-{version}-{format_date('yyyy-MM-dd-HH-mm-ss', when)}-{suffix}{self.extension}"


@dataclass(frozen=True)
class _Evaluation:
    """The values that the expressions of a prefix are evaluated with."""

    when: datetime
    rng: Random
    why: ErrorOutput | None = None
    partition: Partition = field(default_factory=dict)

    def evaluate(self, prefix: str) -> str:
        return _EXPRESSION.sub(lambda match: self._value(match["namespace"], match["value"]), prefix)

    def _value(self, namespace: str, value: str) -> str:
        match namespace, value:
            case "timestamp", pattern:
                try:
                    return format_date(pattern, self.when)
                except DatePatternError as error:
                    raise PrefixError(f"!{{timestamp:{pattern}}} is not a valid pattern: {error}") from error
            case "firehose", "random-string":
                return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))[:RANDOM_STRING_LENGTH]
            case "firehose", "error-output-type" if self.why is not None:
                return str(self.why.value)
            case "firehose", _:
                raise PrefixError(f"unsupported value in !{{firehose:{value}}}")
        if namespace not in _KEY_SOURCES:
            supported = ", ".join(["firehose", "timestamp", *sorted(_KEY_SOURCES)])
            raise PrefixError(f"unsupported namespace in !{{{namespace}:{value}}}; supported: {supported}")
        if not value:
            raise PrefixError(f"!{{{namespace}:}} must name a partition key")
        return self.partition.get(PartitionKey(KeySource(namespace), value), "")
