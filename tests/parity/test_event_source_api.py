"""CreateEventSourceMapping and UpdateEventSourceMapping take, keep and give back every parameter for Kinesis."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.parity.event_source_kit import Fixture, until
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

SETTINGS: dict[str, Any] = {
    "BatchSize": 7,
    "MaximumBatchingWindowInSeconds": 3,
    "ParallelizationFactor": 2,
    "MaximumRetryAttempts": 5,
    "MaximumRecordAgeInSeconds": 120,
    "BisectBatchOnFunctionError": True,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "FilterCriteria": {"Filters": [{"Pattern": '{"partitionKey": ["a"]}'}]},
    "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::some-bucket"}},
}
CHANGED: dict[str, Any] = {
    "BatchSize": 9,
    "MaximumBatchingWindowInSeconds": 0,
    "ParallelizationFactor": 1,
    "MaximumRetryAttempts": -1,
    "MaximumRecordAgeInSeconds": -1,
    "BisectBatchOnFunctionError": False,
    "FunctionResponseTypes": [],
    "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sns:us-east-1:000000000000:topic"}},
}
DEFAULTS: dict[str, Any] = {
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 0,
    "ParallelizationFactor": 1,
    "MaximumRetryAttempts": -1,
    "MaximumRecordAgeInSeconds": -1,
    "BisectBatchOnFunctionError": False,
    "TumblingWindowInSeconds": 0,
    "FunctionResponseTypes": [],
    "DestinationConfig": {"OnFailure": {}},
    "LastProcessingResult": "No records processed",
    "StateTransitionReason": "User action",
}


@pytest.fixture(scope="module")
def made(stack: EmbeddedStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fixture]:
    """A stream and a function."""
    fixture = Fixture(stack, tmp_path_factory.mktemp("notes"))
    fixture.function()
    yield fixture
    fixture.remove()


@pytest.fixture(autouse=True)
def _no_mapping_is_left(made: Fixture) -> Iterator[None]:
    yield
    for mapping in made.mappings:
        made.functions.delete_event_source_mapping(UUID=mapping)
    until(lambda: not made.functions.list_event_source_mappings(FunctionName=made.name)["EventSourceMappings"])
    made.mappings.clear()


def fetched(made: Fixture) -> dict[str, Any]:
    answer: dict[str, Any] = made.functions.get_event_source_mapping(UUID=made.mappings[-1])
    return answer


def test_what_was_not_given_is_told_with_its_default(made: Fixture) -> None:
    answer = made.map()
    assert DEFAULTS.items() <= answer.items()
    assert answer["State"] == "Creating"
    assert answer["EventSourceArn"] == made.stream_arn


def test_every_parameter_is_kept(made: Fixture) -> None:
    assert SETTINGS.items() <= made.map(**SETTINGS).items()
    assert SETTINGS.items() <= fetched(made).items()


def test_every_parameter_can_be_changed(made: Fixture) -> None:
    made.map(**SETTINGS)
    until(lambda: made.state() == "Enabled")
    assert CHANGED.items() <= made.functions.update_event_source_mapping(UUID=made.mappings[-1], **CHANGED).items()
    assert CHANGED.items() <= fetched(made).items()
    until(lambda: made.state() == "Enabled")


def test_the_starting_time_is_kept(made: Fixture) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    made.map(StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=at)
    assert fetched(made)["StartingPositionTimestamp"] == at


def test_the_state_follows_enabling_and_disabling(made: Fixture) -> None:
    made.map(Enabled=False)
    until(lambda: made.state() == "Disabled")
    made.functions.update_event_source_mapping(UUID=made.mappings[-1], Enabled=True)
    until(lambda: made.state() == "Enabled")
    made.functions.update_event_source_mapping(UUID=made.mappings[-1], Enabled=False)
    until(lambda: made.state() == "Disabled")
    (listed,) = made.functions.list_event_source_mappings(FunctionName=made.name)["EventSourceMappings"]
    assert listed["State"] == "Disabled"


def test_a_deleted_mapping_is_gone_and_can_be_made_again(made: Fixture) -> None:
    made.map()
    made.functions.delete_event_source_mapping(UUID=made.mappings.pop())
    until(lambda: not made.functions.list_event_source_mappings(FunctionName=made.name)["EventSourceMappings"])
    made.map()


@pytest.mark.parametrize(
    "wrong",
    [
        {"ParallelizationFactor": 11},
        {"BatchSize": 10_001},
        {"MaximumRecordAgeInSeconds": 59},
        {"TumblingWindowInSeconds": 10},
        {"StartingPosition": "AT_TIMESTAMP"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any], made: Fixture) -> None:
    with pytest.raises(ClientError) as refused:
        made.map(**wrong)
    assert refused.value.response["Error"]["Code"] in ("InvalidParameterValueException", "ValidationException")
    name = next(iter(wrong))
    assert name.lower() in refused.value.response["Error"]["Message"].lower()


def test_an_update_cannot_set_what_cannot_be_either(made: Fixture) -> None:
    made.map()
    with pytest.raises(ClientError, match="TumblingWindowInSeconds"):
        made.functions.update_event_source_mapping(UUID=made.mappings[-1], TumblingWindowInSeconds=10)


def test_a_stream_that_is_not_there_is_refused(made: Fixture) -> None:
    with pytest.raises(ClientError, match="Stream not found"):
        made.map(EventSourceArn=made.stream_arn + "-not")


def test_a_second_mapping_of_the_pair_is_refused(made: Fixture) -> None:
    made.map()
    with pytest.raises(made.functions.exceptions.ResourceConflictException):
        made.map()


def test_a_consumer_of_a_stream_can_be_the_source(made: Fixture, stack: EmbeddedStack, tmp_path: Path) -> None:
    other = Fixture(stack, tmp_path)
    try:
        other.function()
        consumer = other.kinesis.register_stream_consumer(StreamARN=other.stream_arn, ConsumerName="fast")["Consumer"]
        other.map(EventSourceArn=consumer["ConsumerARN"])
        other.put("a")
        stack.settle(30)
        assert other.got() == [["a"]]
        (record,) = other.noted()[0]["event"]["Records"]
        assert record["eventSourceARN"] == consumer["ConsumerARN"]
    finally:
        other.kinesis.deregister_stream_consumer(ConsumerARN=consumer["ConsumerARN"])
        other.remove()


def test_a_start_in_the_future_is_refused(made: Fixture) -> None:
    later = time.time() + made.stack.control.status()["clock"]["offset_s"] + 3600
    with pytest.raises(ClientError, match="StartingPositionTimestamp cannot be in the future"):
        made.map(StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=later)
    assert made.mappings == []
