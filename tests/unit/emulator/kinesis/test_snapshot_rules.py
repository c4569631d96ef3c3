"""An imported state is one that can have been exported, or it is refused and nothing has changed."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.emulator.kinesis.service import REGION, Service
from wavetank.emulator.kinesis.model.stream import HOUR_MS
from wavetank.emulator.kinesis.operations.boundary import now_ms
from wavetank.emulator.kinesis.state import export_state, import_state
from wavetank.emulator.kinesis.store import CREATIONS, DELETED, EPOCHS, STORES

type Path = tuple[str | int, ...]

POOL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 40),
    st.sampled_from([10**30, 2**63, -(2**63), 2**128, 10**12, 10**15, now_ms()]),
    st.floats(allow_nan=False),
    st.text(max_size=6),
    st.sampled_from(["../x", "000000000000", "us-east-1", "eu-west-1", "s", "ALL", "é" * 300, "0", str(2**128), "{}"]),
    st.just([]),
    st.just({}),
    st.lists(st.integers(0, 5), max_size=3),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)


@pytest.fixture
def state(kinesis: Service) -> Iterator[Any]:
    """An export with something of everything, which the service holds."""
    reached = EPOCHS._last, CREATIONS._last
    kinesis.create("s", 2)
    arn = kinesis.create("t")
    for number in range(9):
        kinesis.call("PutRecord", StreamName="s", Data=bytes([number]), PartitionKey=f"é{number}")
    kinesis.call("SplitShard", StreamName="s", ShardToSplit="0", NewStartingHashKey="1000")
    kinesis.call("MergeShards", StreamName="s", ShardToMerge="3", AdjacentShardToMerge="1")
    kinesis.call("PutRecord", StreamName="s", Data=b"after", PartitionKey="k")
    for name in "cd":
        kinesis.call("RegisterStreamConsumer", StreamARN=arn, ConsumerName=name, Tags={"x": "y"})
    kinesis.call("AddTagsToStream", StreamName="s", Tags={"a": "1", "b": ""})
    kinesis.call("PutResourcePolicy", ResourceARN=arn, Policy="{}")
    kinesis.call("EnableEnhancedMonitoring", StreamName="s", ShardLevelMetrics=["ALL"])
    kinesis.call("CreateStream", account="111111111111", region="eu-west-1", StreamName="s")
    yield json.loads(json.dumps(export_state()))
    EPOCHS._last, CREATIONS._last = reached


def paths(value: Any, path: Path = ()) -> list[Path]:
    """The places of every value in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, item in inner for deeper in paths(item, (*path, key)))]


def at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


@st.composite
def mutations(draw: st.DrawFn, state: Any) -> Any:
    """The document with one value changed, left out, moved, put in twice or joined by another."""
    document = copy.deepcopy(state)
    place: tuple[Any, ...] = draw(st.sampled_from(paths(document)[1:]))
    *parent, key = place
    holder = at(document, tuple(parent))
    match draw(st.sampled_from(["replace", "nudge", "remove", "again", "swap", "add"])):
        case "replace":
            holder[key] = draw(POOL)
        case "nudge" if type(holder[key]) is int:
            holder[key] += draw(st.sampled_from([-1, 1, 1000, -1000]))
        case "nudge" if isinstance(holder[key], str):
            holder[key] += draw(st.sampled_from(["0", "x", " ", "=", "\n"]))
        case "remove":
            del holder[key]
        case "again" if isinstance(holder, list):
            holder.insert(draw(st.integers(0, len(holder))), copy.deepcopy(holder[key]))
        case "swap" if isinstance(holder, list):
            holder.append(holder.pop(key))
        case _ if isinstance(holder, dict):
            holder[draw(st.text(max_size=3))] = draw(POOL)
    return document


def retained(state: Any) -> Any:
    """What retention leaves of a state: older records and shards go."""
    state = copy.deepcopy(state)
    for stream in state["streams"]:
        horizon = now_ms() - stream["settings"]["retention_hours"] * HOUR_MS
        for shard in stream["shards"]:
            kept = [record for record in shard["records"] if record[0] >= horizon]
            shard["head"] += len(shard["records"]) - len(kept)
            shard["records"] = kept
        stream["shards"] = [it for it in stream["shards"] if it["closed_ms"] is None or it["closed_ms"] >= horizon]
    return state


def by_stream(state: Any) -> dict[Any, Any]:
    return {stream["arn"]: stream for stream in state["streams"]}


def look_at_everything(kinesis: Service, state: Any) -> None:
    for stream in state["streams"]:
        where = {"account": stream["account"], "region": stream["region"]}
        assert stream["name"] in kinesis.call("ListStreams", **where)["StreamNames"]
        arn = {"StreamARN": stream["arn"]}
        described = kinesis.call("DescribeStream", **arn, **where)["StreamDescription"]
        assert len(described["Shards"]) == len(stream["shards"])
        kinesis.call("ListStreamConsumers", **arn, **where)
        kinesis.call("ListTagsForResource", ResourceARN=stream["arn"], **where)
        for shard in described["Shards"]:
            start = {"ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
            iterator = kinesis.call("GetShardIterator", **arn, **start, **where)["ShardIterator"]
            kinesis.call("GetRecords", ShardIterator=iterator, **where)
        kinesis.call("PutRecord", Data=b"", PartitionKey="k", **arn, **where)
    kinesis.create("another")


def refusal_of(state: Any) -> str:
    """Why the import was refused; empty when it was not."""
    try:
        import_state(state)
    except ValueError as error:
        return str(error)
    return ""


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_changed_state_is_refused_and_changes_nothing_or_works_as_any_other(
    kinesis: Service, state: Any, data: st.DataObject
) -> None:
    STORES.reset()
    DELETED._reached.clear()
    import_state(state)
    changed = data.draw(mutations(state))
    before = export_state()
    refusal = refusal_of(changed)
    if refusal:
        assert refusal.startswith(("not an exported state: ", "exported by another version: "))
        assert len(refusal) < 1000
        assert export_state() == before
        return
    STORES.reset()
    DELETED._reached.clear()
    import_state(changed)
    assert by_stream(export_state()) == by_stream(retained(changed))
    look_at_everything(kinesis, export_state())


def test_the_whole_of_a_state_is_refused_for_its_last_value(kinesis: Service, state: Any) -> None:
    state["streams"][-1]["account"] = 5
    with pytest.raises(ValueError, match=r"streams\[2\]\.account: a text like"):
        import_state(state)
    assert kinesis.call("ListStreams", region=REGION)["StreamNames"] == ["s", "t"]
