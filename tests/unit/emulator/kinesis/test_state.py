import copy
import json

import pytest
from botocore.exceptions import ClientError

from tests.unit.emulator.kinesis.service import Service
from wavetank.emulator.kinesis.state import export_state, import_state
from wavetank.emulator.kinesis.store import STORES
from wavetank.emulator.runtime.clock import CLOCK


@pytest.fixture
def filled(kinesis: Service) -> Service:
    """Two streams with something of everything."""
    kinesis.create("s", 2)
    for number in range(20):
        kinesis.call("PutRecord", StreamName="s", Data=bytes([number]), PartitionKey=str(number))
    kinesis.call("SplitShard", StreamName="s", ShardToSplit="0", NewStartingHashKey="1000")
    arn = kinesis.call("DescribeStreamSummary", StreamName="s")["StreamDescriptionSummary"]["StreamARN"]
    kinesis.call("RegisterStreamConsumer", StreamARN=arn, ConsumerName="c", Tags={"x": "y"})
    kinesis.call("AddTagsToStream", StreamName="s", Tags={"a": "1"})
    kinesis.call("StartStreamEncryption", StreamName="s", EncryptionType="KMS", KeyId="key")
    kinesis.call("EnableEnhancedMonitoring", StreamName="s", ShardLevelMetrics=["ALL"])
    kinesis.call("CreateStream", account="111111111111", region="eu-west-1", StreamName="s")
    return kinesis


def everything(kinesis: Service) -> list[object]:
    stream = kinesis.call("DescribeStream", StreamName="s")["StreamDescription"]
    arn = stream["StreamARN"]
    return [
        stream,
        [kinesis.read("s", shard) for shard in range(4)],
        kinesis.call("ListTagsForStream", StreamName="s"),
        kinesis.call("ListStreamConsumers", StreamARN=arn),
        kinesis.call("ListStreams", account="111111111111", region="eu-west-1")["StreamNames"],
    ]


def test_what_is_exported_is_imported_unchanged(filled: Service) -> None:
    before = everything(filled)
    state = json.loads(json.dumps(export_state()))
    STORES.reset()
    assert import_state(state) == 2
    assert everything(filled) == before
    assert export_state() == state


def test_an_iterator_from_before_reads_on_after_the_import(filled: Service) -> None:
    iterator = filled.iterator("s", 1)
    data = filled.read("s", 1)
    import_state(export_state())
    answer = filled.call("GetRecords", ShardIterator=iterator)
    assert [record["Data"] for record in answer["Records"]] == data


def test_an_imported_stream_takes_records_with_greater_sequence_numbers(filled: Service) -> None:
    last = filled.call("PutRecord", StreamName="s", Data=b"", PartitionKey="k")
    import_state(export_state())
    after = filled.call("PutRecord", StreamName="s", Data=b"", PartitionKey="k")
    assert int(after["SequenceNumber"]) > int(last["SequenceNumber"])
    filled.call("UpdateShardCount", StreamName="s", TargetShardCount=2, ScalingType="UNIFORM_SCALING")


@pytest.mark.parametrize("is_deleted", [False, True])
def test_readers_of_a_later_state_take_an_older_one_for_another_stream(filled: Service, is_deleted: bool) -> None:
    state = export_state()
    put = {"StreamName": "s", "Data": b"later", "PartitionKey": "k"}
    last = [filled.call_with("PutRecord", put) for _ in range(4)][-1]
    shard = int(last["ShardId"].removeprefix("shardId-"))
    tip, before = filled.iterator("s", shard, "LATEST"), [filled.read("s", number) for number in range(4)]
    if is_deleted:
        filled.call("DeleteStream", StreamName="s", EnforceConsumerDeletion=True)
    import_state(state)
    after = [filled.call_with("PutRecord", put | {"Data": b"new"}) for _ in range(6)][-1]
    assert filled.refusal("GetRecords", ShardIterator=tip)[0] == "ResourceNotFoundException"
    with pytest.raises(ClientError, match="did not come from this stream"):
        filled.iterator("s", shard, "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=last["SequenceNumber"])
    assert int(after["SequenceNumber"]) > int(last["SequenceNumber"])
    before[shard][-4:] = [b"new"] * 6
    assert [filled.read("s", number) for number in range(4)] == before


def test_a_trimmed_shard_keeps_its_place(filled: Service) -> None:
    CLOCK.advance(25 * 3600)
    state = export_state()
    import_state(state)
    put = filled.call("PutRecord", StreamName="s", Data=b"new", PartitionKey="k")
    assert [filled.read("s", shard) for shard in (1, 2, 3)].count([b"new"]) == 1
    assert put["SequenceNumber"]


@pytest.mark.parametrize("damage", ["version", "streams"])
def test_anything_else_is_refused_and_changes_nothing(filled: Service, damage: str) -> None:
    state = export_state()
    damaged = copy.deepcopy(state)
    if damage == "version":
        damaged["version"] = 99
    else:
        damaged["streams"][0]["shards"][0].pop("epoch")
    with pytest.raises(ValueError, match=r"exported"):
        import_state(damaged)
    with pytest.raises(ValueError, match=r"exported"):
        import_state({})
    assert export_state() == state
