"""A mapping's configuration is read as the API holds it, with AWS's defaults; what AWS refuses is refused."""

from datetime import UTC, datetime
from typing import Any

import pytest

from wavetank.emulator.lambda_.mappings.batch_window import BatchLimits
from wavetank.emulator.lambda_.mappings.stream.core.settings import (
    MappingSettings,
    RefusedSettings,
    RetryPolicy,
    Start,
    check,
    is_kinesis,
    stream_arn_of,
)

ROLE = "arn:aws:iam::000000000000:role/worker"
STREAM = "arn:aws:kinesis:eu-west-1:000000000000:stream/raw"
CONSUMER = f"{STREAM}/consumer/fast:1700000000"
FUNCTION = "arn:aws:lambda:eu-west-1:000000000000:function:worker:live"
LEAST = {"UUID": "u-1", "FunctionArn": FUNCTION, "EventSourceArn": STREAM}

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


def test_what_is_not_given_has_the_defaults_of_aws() -> None:
    settings = MappingSettings.from_config(LEAST, ROLE)
    assert settings == MappingSettings("u-1", FUNCTION, STREAM, ROLE, Start.TRIM_HORIZON)
    assert settings.limits == BatchLimits(records=100, window_s=0, payload_bytes=6 * 1024 * 1024)
    assert settings.retry == RetryPolicy(max_retries=None, max_age_s=None, bisect=False, reports_item_failures=False)
    assert (settings.lanes, settings.filters, settings.on_failure) == (1, (), None)


def test_everything_that_is_given_is_read() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    settings = MappingSettings.from_config(
        LEAST
        | {
            "StartingPosition": "AT_TIMESTAMP",
            "StartingPositionTimestamp": at,
            "BatchSize": 7,
            "MaximumBatchingWindowInSeconds": 9,
            "ParallelizationFactor": 3,
            "MaximumRetryAttempts": 0,
            "MaximumRecordAgeInSeconds": 60,
            "BisectBatchOnFunctionError": True,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "FilterCriteria": {"Filters": [{"Pattern": "{}"}]},
            "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:000000000000:q"}},
        },
        ROLE,
    )
    assert (settings.start, settings.start_timestamp) == (Start.AT_TIMESTAMP, at.timestamp())
    assert (settings.limits.records, settings.limits.window_s, settings.lanes) == (7, 9, 3)
    assert settings.retry == RetryPolicy(max_retries=0, max_age_s=60, bisect=True, reports_item_failures=True)
    assert settings.filters == ("{}",)
    assert settings.on_failure == "arn:aws:sqs:eu-west-1:000000000000:q"


def test_minus_one_is_without_end_and_zero_is_not() -> None:
    endless = LEAST | {"MaximumRetryAttempts": -1, "MaximumRecordAgeInSeconds": -1}
    assert MappingSettings.from_config(endless, ROLE).retry == RetryPolicy()
    assert MappingSettings.from_config(LEAST | {"MaximumRetryAttempts": 0}, ROLE).retry.max_retries == 0


def test_an_empty_destination_is_none() -> None:
    config = LEAST | {"DestinationConfig": {"OnFailure": {"Destination": ""}}}
    assert MappingSettings.from_config(config, ROLE).on_failure is None


def test_a_time_may_be_a_number_or_text() -> None:
    for value in (1_700_000_000, 1.7e9, "1700000000", "2023-11-14T22:13:20+00:00"):
        config = LEAST | {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": value}
        assert MappingSettings.from_config(config, ROLE).start_timestamp == 1_700_000_000


def test_a_consumer_is_read_through_its_stream() -> None:
    settings = MappingSettings.from_config(LEAST | {"EventSourceArn": CONSUMER}, ROLE)
    assert (settings.source_arn, settings.stream_arn, settings.stream_name) == (CONSUMER, STREAM, "raw")
    assert stream_arn_of("arn:aws:sqs:eu-west-1:000000000000:q") == "arn:aws:sqs:eu-west-1:000000000000:q"


def test_the_title_names_function_with_qualifier_and_stream() -> None:
    settings = MappingSettings.from_config(LEAST, ROLE)
    assert settings.title == "worker:live <- raw"
    assert (settings.function_name, settings.region) == ("worker", "eu-west-1")


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
