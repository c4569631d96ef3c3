"""Dynamic partitioning: which of the parts of a chunk belong together, by the partition keys in the prefix. Pure.

Sources: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html and, of the same guide,
dynamic-partitioning-partitioning-keys.html, dynamic-partitioning-error-handling.html and buffering.html.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wavetank.emulator.firehose.core.keys import ErrorOutput, KeyLayout, KeySource, Partition, PartitionKey
from wavetank.emulator.firehose.core.processing import Failure, Part
from wavetank.emulator.firehose.core.settings import Partitioning

MAX_ACTIVE_PARTITIONS = 500

EXTRACTION_FAILED = "DynamicPartitioning.MetadataExtractionFailed"
LIMIT_EXCEEDED = "DynamicPartitioning.ActivePartitionsLimitExceeded"

Extracted = Mapping[str, Any] | str
"""The answer of a query for a record: values by name, or why it has none."""

Extract = Callable[[str, Sequence[bytes]], Sequence[Extracted]]
"""Runs a jq program over records, one answer for each, in order."""


class _NoPartitionError(ValueError):
    pass


@dataclass(frozen=True)
class Group:
    """Parts that share an object."""

    partition: Partition
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Partitioned:
    """The parts of a chunk by partition, and those that belong to none."""

    groups: tuple[Group, ...]
    failures: tuple[Failure, ...]


def partition(
    parts: Sequence[Part], partitioning: Partitioning, layout: KeyLayout, *, extract: Extract, now: Callable[[], float]
) -> Partitioned:
    """The parts, grouped by the values of the keys in the layout's prefix, in the order of their first parts.

    A part that lacks a value, and one of a new partition when there are 500, is a failure.
    """
    groups: dict[tuple[str, ...], list[Part]] = {}
    failures: list[Failure] = []
    keys = layout.partition_keys
    answers: Sequence[Extracted] = [{}] * len(parts)
    if partitioning.query is not None:
        answers = extract(partitioning.query, [part.data for part in parts])
    for part, extracted in zip(parts, answers, strict=True):
        try:
            if isinstance(extracted, str):
                raise _NoPartitionError(extracted)
            values = {KeySource.QUERY: extracted, KeySource.LAMBDA: part.keys}
            identity = tuple(_text(values[key.source].get(key.name)) for key in keys)
            if identity not in groups and layout.is_too_long(_values(keys, identity), part.entry.arrival):
                raise _NoPartitionError("The evaluated S3 prefix is longer than an object key can be")
        except _NoPartitionError as error:
            output = ErrorOutput.METADATA_EXTRACTION_FAILED
            failures.append(
                Failure(part.entry, EXTRACTION_FAILED, str(error), attempts=1, ended_at=now(), output=output)
            )
            continue
        if identity not in groups and len(groups) >= MAX_ACTIVE_PARTITIONS:
            message = "The number of active partitions has exceeded the configured limit"
            output = ErrorOutput.ACTIVE_PARTITIONS_LIMIT_EXCEEDED
            failures.append(Failure(part.entry, LIMIT_EXCEEDED, message, attempts=1, ended_at=now(), output=output))
            continue
        groups.setdefault(identity, []).append(part)
    made = (Group(_values(keys, identity), tuple(group)) for identity, group in groups.items())
    return Partitioned(tuple(made), tuple(failures))


def _values(keys: Sequence[PartitionKey], identity: Sequence[str]) -> Partition:
    return dict(zip(keys, identity, strict=True))


def _text(value: object) -> str:
    """A partition key's value as it stands in a prefix: text; numbers and truth values as JSON writes them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if value is None or value == "":
        raise _NoPartitionError("partitionKeys values must not be null or empty")
    if not isinstance(value, str):
        raise _NoPartitionError("partitionKeys values must be strings, numbers or booleans")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise _NoPartitionError("partitionKeys values must be valid Unicode text")
    return value
