"""Settings of SQS mappings: defaults, what is given, and what is refused."""

from typing import Any

import pytest

from wavetank.emulator.lambda_.mappings.queue.core.settings import QueueSettings, check, check_timeouts, is_sqs
from wavetank.emulator.lambda_.mappings.stream.core.settings import RefusedSettings

QUEUE = "arn:aws:sqs:us-east-1:000000000000:merges"
CONFIG: dict[str, Any] = {
    "UUID": "u",
    "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:concatenator:live",
    "EventSourceArn": QUEUE,
}


def test_absent_values_are_the_defaults() -> None:
    settings = QueueSettings.from_config(CONFIG)
    assert (settings.limits.records, settings.limits.window_s, settings.concurrency) == (10, 0, 5)
    assert not settings.reports_item_failures
    assert (settings.function_name, settings.queue_name) == ("concatenator", "merges")
    assert settings.title == "concatenator:live <- merges"


def test_given_values_count() -> None:
    settings = QueueSettings.from_config(
        CONFIG
        | {
            "BatchSize": 2,
            "MaximumBatchingWindowInSeconds": 7,
            "ScalingConfig": {"MaximumConcurrency": 3},
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "FilterCriteria": {"Filters": [{"Pattern": "{}"}]},
        }
    )
    assert (settings.limits.records, settings.limits.window_s, settings.concurrency) == (2, 7, 3)
    assert settings.reports_item_failures
    assert settings.filters == ("{}",)


@pytest.mark.parametrize(
    "given",
    [
        {"BatchSize": 0},
        {"BatchSize": 10_001},
        {"MaximumBatchingWindowInSeconds": 301},
        {"ScalingConfig": {"MaximumConcurrency": 1}},
        {"ScalingConfig": {"MaximumConcurrency": 1001}},
        {"EventSourceArn": f"{QUEUE}.fifo", "BatchSize": 11},
        {"EventSourceArn": f"{QUEUE}.fifo", "MaximumBatchingWindowInSeconds": 1},
    ],
)
def test_what_aws_refuses_is_refused(given: dict[str, Any]) -> None:
    check(CONFIG)
    with pytest.raises(RefusedSettings):
        check(CONFIG | given)


def test_messages_must_be_hidden_as_long_as_the_function_may_run() -> None:
    check_timeouts(30, 30)
    with pytest.raises(RefusedSettings, match="30 seconds is less than Function timeout: 31 seconds"):
        check_timeouts(30, 31)


def test_a_queue_is_known_by_its_arn() -> None:
    assert is_sqs({"EventSourceArn": QUEUE})
    assert not is_sqs({"EventSourceArn": "arn:aws:kinesis:us-east-1:000000000000:stream/raw"})
    assert not is_sqs({})
