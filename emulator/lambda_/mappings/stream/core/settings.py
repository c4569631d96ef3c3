"""What a Kinesis event source mapping was asked to do, checked and typed.

Source of names, defaults and ranges: AWS Lambda API reference, CreateEventSourceMapping, and the developer guide's
"Lambda parameters for Amazon Kinesis Data Streams event source mappings".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

PAYLOAD_BYTES = 6 * 1024 * 1024
"""The largest event of a synchronous invocation."""

REPORT_ITEM_FAILURES = "ReportBatchItemFailures"

_CONSUMER = re.compile(r"^(arn:[^:]+:kinesis:[^:]*:\d+:stream/[^/]+)/consumer/")


class Start(StrEnum):
    """Where a mapping starts to read a stream it has not read before."""

    TRIM_HORIZON = "TRIM_HORIZON"
    LATEST = "LATEST"
    AT_TIMESTAMP = "AT_TIMESTAMP"


@dataclass(frozen=True)
class BatchLimits:
    """When a batch is full, or old enough to be sent as it is: records, seconds, bytes of JSON."""

    records: int = 100
    window_s: float = 0.0
    payload_bytes: int = PAYLOAD_BYTES


@dataclass(frozen=True)
class RetryPolicy:
    """How long a failed batch is tried; None means for as long as the stream keeps its records."""

    max_retries: int | None = None
    max_age_s: float | None = None
    bisect: bool = False
    reports_item_failures: bool = False


@dataclass(frozen=True)
class MappingSettings:
    """One event source mapping between a stream and a function."""

    uuid: str
    function_arn: str
    source_arn: str
    role_arn: str
    start: Start
    start_timestamp: float | None = None
    limits: BatchLimits = BatchLimits()
    retry: RetryPolicy = RetryPolicy()
    lanes: int = 1
    filters: tuple[str, ...] = ()
    on_failure: str | None = None

    @classmethod
    def from_config(cls, config: Mapping[str, Any], role_arn: str) -> "MappingSettings":
        """Read an EventSourceMappingConfiguration; absent values are AWS's defaults."""
        destination = ((config.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
        filters = (config.get("FilterCriteria") or {}).get("Filters") or []
        return cls(
            uuid=config["UUID"],
            function_arn=config["FunctionArn"],
            source_arn=config["EventSourceArn"],
            role_arn=role_arn,
            start=Start(config.get("StartingPosition") or Start.TRIM_HORIZON),
            start_timestamp=seconds(config.get("StartingPositionTimestamp")),
            limits=BatchLimits(
                records=config.get("BatchSize") or 100,
                window_s=config.get("MaximumBatchingWindowInSeconds") or 0,
            ),
            retry=RetryPolicy(
                max_retries=_or_endless(config.get("MaximumRetryAttempts")),
                max_age_s=_or_endless(config.get("MaximumRecordAgeInSeconds")),
                bisect=bool(config.get("BisectBatchOnFunctionError")),
                reports_item_failures=REPORT_ITEM_FAILURES in (config.get("FunctionResponseTypes") or []),
            ),
            lanes=config.get("ParallelizationFactor") or 1,
            filters=tuple(entry["Pattern"] for entry in filters),
            on_failure=destination or None,
        )

    @property
    def stream_arn(self) -> str:
        """ARN of the stream, also where the source is one of its enhanced fan-out consumers."""
        return stream_arn_of(self.source_arn)

    @property
    def stream_name(self) -> str:
        """Name of the stream."""
        return self.stream_arn.rpartition("/")[2]

    @property
    def function_name(self) -> str:
        """Name of the function, without version or alias."""
        return self.function_arn.split(":")[6]

    @property
    def region(self) -> str:
        """Region of the stream."""
        return self.source_arn.split(":")[3]

    @property
    def title(self) -> str:
        """The mapping in words: `processor <- raw-stream`."""
        return f"{self.function_arn.partition(':function:')[2]} <- {self.stream_name}"


def stream_arn_of(source_arn: str) -> str:
    """ARN of the stream that a source belongs to; any other ARN is returned as it is."""
    consumer = _CONSUMER.match(source_arn)
    return consumer.group(1) if consumer else source_arn


def _or_endless(value: int | None) -> int | None:
    """AWS writes "without end" as -1."""
    return None if value is None or value < 0 else value


def seconds(value: datetime | float | str | None) -> float | None:
    """A time as the API takes it, in seconds since the epoch; raises ValueError."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.timestamp()
    try:
        return float(value)
    except ValueError:
        return datetime.fromisoformat(str(value)).timestamp()
