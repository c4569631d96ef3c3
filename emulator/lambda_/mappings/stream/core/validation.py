"""What AWS refuses in a Kinesis event source mapping and LocalStack lets pass.

Source: AWS Lambda API reference, CreateEventSourceMapping: ranges of the parameters.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wavetank.emulator.lambda_.mappings.stream.core.settings import seconds

MOST_RETRIES = 10_000
LONGEST_AGE_S = 604_800
SHORTEST_AGE_S = 60


class RefusedSettings(ValueError):
    """The mapping cannot be made so; the text is for the caller of the API. Correct the parameter and call again."""


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
