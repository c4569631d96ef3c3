"""A mapping's configuration is read as the API holds it, with AWS's defaults."""

from datetime import UTC, datetime

from wavetank.emulator.lambda_.mappings.stream.core.settings import (
    BatchLimits,
    MappingSettings,
    RetryPolicy,
    Start,
    stream_arn_of,
)

ROLE = "arn:aws:iam::000000000000:role/worker"
STREAM = "arn:aws:kinesis:eu-west-1:000000000000:stream/raw"
CONSUMER = f"{STREAM}/consumer/fast:1700000000"
FUNCTION = "arn:aws:lambda:eu-west-1:000000000000:function:worker:live"
LEAST = {"UUID": "u-1", "FunctionArn": FUNCTION, "EventSourceArn": STREAM}


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
