"""What AWS refuses is refused, and everything within its ranges is not."""

from datetime import UTC, datetime
from typing import Any

import pytest

from wavetank.emulator.lambda_.mappings.stream.core.validation import RefusedSettings, check, is_kinesis

NOW = 1_700_000_000.0

REFUSED: dict[str, dict[str, Any]] = {
    "batchSize": {"BatchSize": 10_001},
    "parallelizationFactor": {"ParallelizationFactor": 11},
    "maximumBatchingWindowInSeconds": {"MaximumBatchingWindowInSeconds": 301},
    "maximumRetryAttempts": {"MaximumRetryAttempts": 10_001},
    "maximumRecordAgeInSeconds": {"MaximumRecordAgeInSeconds": 604_801},
    "tumblingWindowInSeconds": {"TumblingWindowInSeconds": 901},
    "must be -1 or between 60": {"MaximumRecordAgeInSeconds": 59},
    "TumblingWindowInSeconds is not supported": {"TumblingWindowInSeconds": 30},
    "must be given": {"StartingPosition": "AT_TIMESTAMP"},
    "cannot be in the future": {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": NOW + 1},
    "only valid": {"StartingPosition": "LATEST", "StartingPositionTimestamp": 1},
}

ACCEPTED: list[dict[str, Any]] = [
    {},
    {"BatchSize": 1, "ParallelizationFactor": 10, "MaximumBatchingWindowInSeconds": 300},
    {"MaximumRetryAttempts": -1, "MaximumRecordAgeInSeconds": -1, "TumblingWindowInSeconds": 0},
    {"MaximumRetryAttempts": 0, "MaximumRecordAgeInSeconds": 60},
    {"MaximumRetryAttempts": 10_000, "MaximumRecordAgeInSeconds": 604_800},
    {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 1},
    {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": NOW},
    {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": datetime.fromtimestamp(NOW, UTC)},
]


@pytest.mark.parametrize(("text", "request_"), REFUSED.items(), ids=REFUSED.keys())
def test_what_aws_refuses_is_refused_with_its_parameter_named(text: str, request_: dict[str, Any]) -> None:
    with pytest.raises(RefusedSettings, match=text):
        check(request_, NOW)


@pytest.mark.parametrize("request_", ACCEPTED)
def test_what_aws_takes_is_taken(request_: dict[str, Any]) -> None:
    check(request_, NOW)


def test_the_constraint_is_told_in_the_words_of_aws() -> None:
    with pytest.raises(RefusedSettings) as refused:
        check({"ParallelizationFactor": 0}, NOW)
    assert str(refused.value) == (
        "1 validation error detected: Value '0' at 'parallelizationFactor' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1"
    )


@pytest.mark.parametrize(
    ("arn", "kinesis"),
    [
        ("arn:aws:kinesis:us-east-1:000000000000:stream/s", True),
        ("arn:aws:kinesis:us-east-1:000000000000:stream/s/consumer/c:1", True),
        ("arn:aws:sqs:us-east-1:000000000000:kinesis", False),
        ("arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/x", False),
        (None, False),
    ],
)
def test_only_kinesis_sources_are_ours(arn: str | None, kinesis: bool) -> None:
    assert is_kinesis({"EventSourceArn": arn}) is kinesis
