"""Settings of a Kinesis event source mapping, typed; and those that AWS refuses and LocalStack lets pass.

Source of names, defaults and ranges: AWS Lambda API reference, CreateEventSourceMapping, and the developer guide's
"Lambda parameters for Amazon Kinesis Data Streams event source mappings".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from wavetank.emulator.lambda_.mappings.batch_window import BatchLimits

DEFAULT_LIMITS = BatchLimits()
REPORT_ITEM_FAILURES = "ReportBatchItemFailures"

MOST_RETRIES = 10_000
LONGEST_AGE_S = 604_800
SHORTEST_AGE_S = 60

_CONSUMER = re.compile(r"^(arn:[^:]+:kinesis:[^:]*:\d+:stream/[^/]+)/consumer/")


class Start(StrEnum):
    """The place where a mapping starts to read a stream it has not read before."""

    TRIM_HORIZON = "TRIM_HORIZON"
    LATEST = "LATEST"
    AT_TIMESTAMP = "AT_TIMESTAMP"


@dataclass(frozen=True)
class RetryPolicy:
    """The tries that a failed batch gets; None means for as long as the stream keeps its records."""

    max_retries: int | None = None
    max_age_s: float | None = None
    bisect: bool = False
    reports_item_failures: bool = False


@dataclass(frozen=True)
class MappingSettings:
    """An event source mapping between a stream and a function."""

    uuid: str
    function_arn: str
    source_arn: str
    role_arn: str
    start: Start
    start_timestamp: float | None = None
    limits: BatchLimits = DEFAULT_LIMITS
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


class RefusedSettings(ValueError):
    """A mapping cannot be made so; the text is for the caller of the API. Correct the parameter and call again."""


@dataclass(frozen=True)
class Range:
    """A parameter and the values it may have."""

    parameter: str
    least: int
    most: int


_RANGES = (
    Range("BatchSize", 1, 10_000),
    Range("MaximumBatchingWindowInSeconds", 0, 300),
    Range("MaximumRetryAttempts", -1, MOST_RETRIES),
    Range("MaximumRecordAgeInSeconds", -1, LONGEST_AGE_S),
    Range("ParallelizationFactor", 1, 10),
    Range("TumblingWindowInSeconds", 0, 900),
)


def is_kinesis(request: Mapping[str, Any]) -> bool:
    """Whether the event source is a Kinesis stream or one of its consumers."""
    return str(request.get("EventSourceArn") or "").split(":")[2:3] == ["kinesis"]


def check(request: Mapping[str, Any], now: float) -> None:
    """Raise RefusedSettings for what AWS does not take, and for tumbling windows, which this emulator has not.

    `now` is in seconds since the epoch.
    """
    for allowed in _RANGES:
        check_range(allowed, request.get(allowed.parameter))
    age = request.get("MaximumRecordAgeInSeconds")
    if age is not None and -1 < age < SHORTEST_AGE_S:
        raise RefusedSettings(
            f"MaximumRecordAgeInSeconds must be -1 or between {SHORTEST_AGE_S} and {LONGEST_AGE_S}, got {age}."
        )
    if request.get("TumblingWindowInSeconds"):
        raise RefusedSettings("TumblingWindowInSeconds is not supported by wavetank; leave it out or set it to 0.")
    if request.get("StartingPosition") == "AT_TIMESTAMP" and not request.get("StartingPositionTimestamp"):
        raise RefusedSettings("StartingPositionTimestamp must be given when StartingPosition is AT_TIMESTAMP.")
    if request.get("StartingPosition") != "AT_TIMESTAMP" and request.get("StartingPositionTimestamp"):
        raise RefusedSettings("StartingPositionTimestamp is only valid when StartingPosition is AT_TIMESTAMP.")
    starts = seconds(request.get("StartingPositionTimestamp"))
    if starts is not None and starts > now:
        raise RefusedSettings("StartingPositionTimestamp cannot be in the future.")


def check_range(allowed: Range, value: int | None) -> None:
    """Raise RefusedSettings for a value out of range; an absent one is none."""
    if value is None or allowed.least <= value <= allowed.most:
        return
    name = allowed.parameter[0].lower() + allowed.parameter[1:]
    side, bound = ("less", allowed.most) if value > allowed.most else ("greater", allowed.least)
    raise RefusedSettings(
        f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: "
        f"Member must have value {side} than or equal to {bound}"
    )
