"""What a Kinesis mapping delivers: where it begins, in which batches, in which order, and after which changes."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.parity.event_source_kit import FINE, RAISES_ON_BAD, ROLE, Fixture, until
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

SLOW = """
def respond(records, got):
    note(began=got)
    deadline = time.time() + 20
    while time.time() < deadline and not os.path.exists(os.environ["NOTES"] + ".go"):
        time.sleep(0.01)
"""

MEETS_OTHER_KEY = """
def respond(records, got):
    key = records[0]["kinesis"]["partitionKey"]
    open(os.environ["NOTES"] + "." + key, "w").close()
    other = os.environ["NOTES"] + (".c" if key == "a" else ".a")
    deadline = time.time() + 5
    while not os.path.exists(other):
        if time.time() > deadline:
            raise TimeoutError("the other key was not worked on at the same time")
        time.sleep(0.01)
    note(met=key)
"""


@pytest.fixture
def made(stack: EmbeddedStack, tmp_path: Path) -> Iterator[Fixture]:
    """A stream of one shard with room for a function and a mapping."""
    fixture = Fixture(stack, tmp_path)
    yield fixture
    fixture.remove()


@pytest.fixture
def wide(stack: EmbeddedStack, tmp_path: Path) -> Iterator[Fixture]:
    """A stream of two shards."""
    fixture = Fixture(stack, tmp_path, shards=2)
    yield fixture
    fixture.remove()


def flat(batches: list[list[str]]) -> list[str]:
    return [text for batch in batches for text in batch]


def test_the_event_is_the_documented_one(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    put = made.kinesis.put_record(StreamName=made.name, Data=b"\x00\xffraw", PartitionKey='a"ü')
    (arrived,) = _arrivals(made)
    made.map()
    stack.settle(30)
    assert made.noted()[0]["event"] == {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": 'a"ü',
                    "sequenceNumber": put["SequenceNumber"],
                    "data": base64.b64encode(b"\x00\xffraw").decode(),
                    "approximateArrivalTimestamp": arrived,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"{put['ShardId']}:{put['SequenceNumber']}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": ROLE,
                "awsRegion": "us-east-1",
                "eventSourceARN": made.stream_arn,
            }
        ]
    }


def test_trim_horizon_delivers_what_was_there_and_what_comes(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.put("before")
    made.map()
    made.put("after")
    stack.settle(30)
    assert flat(made.got()) == ["before", "after"]


def test_latest_delivers_all_that_is_put_once_the_mapping_is_made(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.put("before")
    made.map(StartingPosition="LATEST")
    made.put("after")
    stack.settle(30)
    assert flat(made.got()) == ["after"]


def test_at_timestamp_delivers_from_that_time_on(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.put("early")
    stack.control.advance_clock(100)
    made.put("late")
    at = datetime.fromtimestamp(_arrivals(made)[0] + 50, UTC)
    made.map(StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=at)
    stack.settle(30)
    assert flat(made.got()) == ["late"]


def test_batches_are_of_the_batch_size_at_most(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.put("1", "2", "3", "4", "5")
    made.map(BatchSize=2)
    stack.settle(30)
    assert made.got() == [["1", "2"], ["3", "4"], ["5"]]


def test_a_window_gathers_until_its_time_is_over(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    # A jump of the clock closes the window over what was read: they are all there at the first reading.
    made.put("1", "2", "3")
    made.map(MaximumBatchingWindowInSeconds=300)
    until(lambda: made.state() == "Enabled")
    stack.control.advance_clock(250)
    assert made.got() == []
    # The window opened when the records were read, which may have been after the first step.
    until(lambda: stack.control.advance_clock(2) > 0 and made.got() == [["1", "2", "3"]])


def test_settle_does_not_wait_for_a_window(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.map(MaximumBatchingWindowInSeconds=300)
    made.put("1", "2")
    stack.settle(10)
    assert flat(made.got()) == ["1", "2"]


def test_an_event_never_exceeds_six_megabytes(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    for n in range(8):
        made.put(f"{n}" + "x" * 900_000)
    made.map(BatchSize=100)
    stack.settle(30)
    sizes = [sum(len(base64.b64encode(text.encode())) for text in batch) for batch in made.got()]
    assert [text[0] for text in flat(made.got())] == [str(n) for n in range(8)]
    assert len(sizes) == 2
    assert max(sizes) < 6 * 1024 * 1024


def test_only_what_the_filter_lets_through_is_delivered_as_it_was_put(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    odd = '{ "type":"click",   "n": 1.0 }'
    made.put('{"type": "view"}', odd, "not json", '{"type": "view"}')
    made.map(FilterCriteria={"Filters": [{"Pattern": json.dumps({"data": {"type": ["click"]}})}]})
    stack.settle(30)
    assert made.got() == [[odd]]


def test_several_lanes_work_on_one_shard_at_the_same_time(made: Fixture, stack: EmbeddedStack) -> None:
    made.function(MEETS_OTHER_KEY)
    made.map(ParallelizationFactor=10, BatchSize=1, MaximumRetryAttempts=0)
    made.put("1", key="a")
    made.put("1", key="c")
    stack.settle(30)
    assert sorted(note["met"] for note in made.noted() if "met" in note) == ["a", "c"]


def test_a_published_version_behind_an_alias_is_what_runs(made: Fixture, stack: EmbeddedStack) -> None:
    arn = made.function("def respond(records, got): note(version='first')")
    version = made.functions.publish_version(FunctionName=made.name)["Version"]
    made.functions.create_alias(FunctionName=made.name, Name="live", FunctionVersion=version)
    made.map(FunctionName=f"{arn}:live")
    made.put("a")
    stack.settle(30)
    assert [note for note in made.noted() if "version" in note] == [{"version": "first"}]
    (record,) = made.noted()[0]["event"]["Records"]
    assert record["invokeIdentityArn"] == ROLE


@pytest.mark.parametrize("start", ["TRIM_HORIZON", "LATEST"])
def test_a_split_replays_nothing_and_skips_nothing(start: str, made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.put("before")
    made.map(StartingPosition=start)
    for n in range(4):
        made.put(f"parent-{n}", key=f"k{n}")
    made.split(made.shard_ids()[0])
    for n in range(4):
        made.put(f"child-{n}", key=f"k{n}")
    stack.settle(30)
    expected = [f"{age}-{n}" for age in ("parent", "child") for n in range(4)]
    delivered = flat(made.got())
    assert sorted(delivered) == sorted(expected + (["before"] if start == "TRIM_HORIZON" else []))
    for n in range(4):
        assert delivered.index(f"parent-{n}") < delivered.index(f"child-{n}")


def test_merged_shards_are_drained_before_their_child(wide: Fixture, stack: EmbeddedStack) -> None:
    wide.function(RAISES_ON_BAD)
    wide.map(StartingPosition="LATEST", MaximumRetryAttempts=2, BatchSize=1)
    wide.put("bad", key="a")
    wide.put("1", key="a")
    wide.merge(*wide.shard_ids())
    wide.put("2", key="a")
    stack.settle(30)
    assert flat(wide.got()) == ["bad"] * 3 + ["1", "2"]


def test_closed_shards_are_not_read_from_latest(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.put("old")
    made.split(made.shard_ids()[0])
    made.map(StartingPosition="LATEST")
    made.put("new")
    stack.settle(30)
    assert made.got() == [["new"]]


def test_a_history_of_shards_is_read_from_the_oldest_on(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.put("1")
    made.split(made.shard_ids()[0])
    made.put("2")
    made.merge(*made.shard_ids())
    made.put("3")
    made.map()
    stack.settle(30)
    assert flat(made.got()) == ["1", "2", "3"]


def test_a_disabled_mapping_delivers_nothing_and_goes_on_where_it_was(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    mapping = made.map(StartingPosition="LATEST")["UUID"]
    made.put("1")
    stack.settle(30)
    made.functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    until(lambda: made.state() == "Disabled")
    made.put("2")
    stack.settle(30)
    assert flat(made.got()) == ["1"]
    made.functions.update_event_source_mapping(UUID=mapping, Enabled=True)
    made.put("3")
    stack.settle(30)
    assert flat(made.got()) == ["1", "2", "3"]


def test_a_mapping_disabled_before_its_first_record_skips_nothing(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.put("before")
    mapping = made.map(StartingPosition="LATEST")["UUID"]
    until(lambda: made.state() == "Enabled")
    made.functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    until(lambda: made.state() == "Disabled")
    stack.control.advance_clock(600)
    made.put("1")
    made.functions.update_event_source_mapping(UUID=mapping, Enabled=True)
    stack.settle(30)
    assert flat(made.got()) == ["1"]


def test_an_update_in_flight_lets_the_batch_end_and_loses_nothing(made: Fixture, stack: EmbeddedStack) -> None:
    made.function(SLOW)
    mapping = made.map(BatchSize=1)["UUID"]
    made.put("1", "2", "3")
    until(lambda: made.got() != [])
    made.functions.update_event_source_mapping(UUID=mapping, BatchSize=10)
    made.functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    assert made.state() == "Disabling"
    assert made.got() == [["1"]]
    _go(made)
    until(lambda: made.state() == "Disabled")
    assert made.got() == [["1"]]
    made.functions.update_event_source_mapping(UUID=mapping, Enabled=True)
    stack.settle(30)
    assert made.got() == [["1"], ["2", "3"]]


def test_a_delete_in_flight_lets_the_batch_end(made: Fixture, stack: EmbeddedStack) -> None:
    made.function(SLOW)
    made.put("1", "2")
    made.map(BatchSize=1)
    until(lambda: made.got() != [])
    made.functions.delete_event_source_mapping(UUID=made.mappings.pop())
    (listed,) = made.functions.list_event_source_mappings(FunctionName=made.name)["EventSourceMappings"]
    assert listed["State"] == "Deleting"
    _go(made)
    until(lambda: not made.functions.list_event_source_mappings(FunctionName=made.name)["EventSourceMappings"])
    stack.settle(30)
    assert made.got() == [["1"]]


def test_idle_readers_outlive_their_iterators(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.map(StartingPosition="LATEST")
    stack.settle(30)
    stack.control.advance_clock(3600)
    made.put("1")
    stack.settle(30)
    assert made.got() == [["1"]]


def test_a_failed_read_of_the_stream_only_delays(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    match = {"service": "kinesis", "operation": "GetRecords", "resource": made.name, "origin": "service"}
    stack.control.add_fault({"point": "aws.call", "action": "error-before", "match": match, "when": {"count": 3}})
    made.map()
    made.put("1")
    stack.settle(30)
    (fault,) = stack.control.faults()
    stack.control.clear_faults()
    assert fault["fired"] == 3
    assert made.got() == [["1"]]


def test_the_iterator_age_reaches_cloudwatch_in_emulator_time(made: Fixture, stack: EmbeddedStack) -> None:
    made.function(FINE)
    stack.control.advance_clock(86_400)
    made.put("1")
    made.map()
    stack.settle(30)
    now = datetime.fromtimestamp(stack.control.now(), UTC)
    answer = stack.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="IteratorAge",
        Dimensions=[{"Name": "FunctionName", "Value": made.name}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["SampleCount"],
    )
    assert sum(point["SampleCount"] for point in answer["Datapoints"]) == 1


def _go(made: Fixture) -> None:
    made.notes.with_suffix(".jsonl.go").touch()


def _arrivals(made: Fixture) -> list[float]:
    iterator = made.kinesis.get_shard_iterator(
        StreamName=made.name, ShardId=made.shard_ids()[0], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = made.kinesis.get_records(ShardIterator=iterator)["Records"]
    return [record["ApproximateArrivalTimestamp"].timestamp() for record in records]


def test_a_stream_made_anew_under_its_name_is_read_from_its_beginning(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.map(StartingPosition="LATEST")
    made.put("old")
    made.split(made.shard_ids()[0])
    stack.settle(30)
    made.kinesis.delete_stream(StreamName=made.name)
    stack.settle(30)
    made.kinesis.create_stream(StreamName=made.name, ShardCount=1)
    until(lambda: made.shard_ids() != [])
    made.put("new")
    stack.settle(30)
    assert made.got() == [["old"], ["new"]]


def test_a_stream_made_anew_while_the_mapping_was_disabled_is_read_from_its_beginning(
    made: Fixture, stack: EmbeddedStack
) -> None:
    made.function()
    uuid = made.map()["UUID"]
    made.put("old")
    made.split(made.shard_ids()[0])
    stack.settle(30)
    made.functions.update_event_source_mapping(UUID=uuid, Enabled=False)
    until(lambda: made.state() == "Disabled")
    made.kinesis.delete_stream(StreamName=made.name)
    made.kinesis.create_stream(StreamName=made.name, ShardCount=1)
    made.functions.update_event_source_mapping(UUID=uuid, Enabled=True)
    until(lambda: made.state() == "Enabled")
    made.put("1", "2", "3")
    stack.settle(30)
    assert [data for batch in made.got() for data in batch] == ["old", "1", "2", "3"]


def test_a_stream_made_anew_behind_a_busy_function_is_read_from_its_beginning(
    made: Fixture, stack: EmbeddedStack
) -> None:
    made.function(SLOW)
    made.map(BatchSize=1)
    made.put("old")
    until(lambda: bool(made.noted()))
    made.kinesis.delete_stream(StreamName=made.name)
    made.kinesis.create_stream(StreamName=made.name, ShardCount=1)
    made.put("1", "2", "3")
    _go(made)
    stack.settle(30)
    assert [data for batch in made.got() for data in batch] == ["old", "1", "2", "3"]
