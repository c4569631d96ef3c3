"""PutRecord, PutRecords, GetShardIterator and GetRecords, as a client sees them."""

import contextlib
import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError
from localstack import config

from tests.unit.emulator.kinesis.service import Service, broken_once
from wavetank.emulator.kinesis.config import CONFIG
from wavetank.emulator.kinesis.operations import writing
from wavetank.emulator.kinesis.store import MemoryCap
from wavetank.emulator.limits.register import LIMITS, Limit
from wavetank.emulator.runtime.clock import CLOCK, Alarm
from wavetank.emulator.runtime.doorbell import STREAM_WRITES

MIB = 1024 * 1024
LAST_HASH = str(2**128 - 1)


def test_what_is_put_is_got(kinesis: Service) -> None:
    kinesis.create("s")
    put = kinesis.call("PutRecord", StreamName="s", Data=b"\x00\xff", PartitionKey="ключ")
    answer = kinesis.call("GetRecords", ShardIterator=kinesis.iterator("s"))
    (record,) = answer["Records"]
    arrived = record.pop("ApproximateArrivalTimestamp")
    assert record == {"SequenceNumber": put["SequenceNumber"], "Data": b"\x00\xff", "PartitionKey": "ключ"}
    assert abs((datetime.now(UTC) - arrived).total_seconds() - -CLOCK.offset) < 60
    assert answer["MillisBehindLatest"] == 0


def test_results_of_a_batch_are_in_the_order_of_its_records(kinesis: Service) -> None:
    kinesis.create("s", 2)
    records = [
        {"Data": b"b", "PartitionKey": "k", "ExplicitHashKey": LAST_HASH},
        {"Data": b"a", "PartitionKey": "k", "ExplicitHashKey": "0"},
    ]
    answer = kinesis.call("PutRecords", StreamName="s", Records=records)
    assert answer["FailedRecordCount"] == 0
    assert [result["ShardId"][-1] for result in answer["Records"]] == ["1", "0"]
    assert [kinesis.read("s", 0), kinesis.read("s", 1)] == [[b"a"], [b"b"]]


def test_a_stream_is_reached_by_its_arn_from_another_account_and_region(kinesis: Service) -> None:
    arn = kinesis.create("s")
    elsewhere = {"account": "111111111111", "region": "eu-west-1"}
    kinesis.call("PutRecord", StreamARN=arn, Data=b"x", PartitionKey="k", **elsewhere)
    assert kinesis.read("s") == [b"x"]
    assert kinesis.call("ListStreams", **elsewhere)["StreamNames"] == []


def test_a_reader_goes_on_where_it_stopped(kinesis: Service) -> None:
    kinesis.create("s")
    iterator, seen = kinesis.iterator("s"), []
    for letter in (b"a", b"b", b"c"):
        kinesis.call("PutRecord", StreamName="s", Data=letter, PartitionKey="k")
        answer = kinesis.call("GetRecords", ShardIterator=iterator, Limit=1)
        assert answer["NextShardIterator"] != iterator
        iterator = answer["NextShardIterator"]
        seen += [record["Data"] for record in answer["Records"]]
    assert seen == [b"a", b"b", b"c"]


def test_latest_starts_after_what_is_there(kinesis: Service) -> None:
    kinesis.create("s")
    kinesis.call("PutRecord", StreamName="s", Data=b"before", PartitionKey="k")
    iterator = kinesis.iterator("s", kind="LATEST")
    kinesis.call("PutRecord", StreamName="s", Data=b"after", PartitionKey="k")
    answer = kinesis.call("GetRecords", ShardIterator=iterator)
    assert [record["Data"] for record in answer["Records"]] == [b"after"]


def test_a_timestamp_keeps_its_milliseconds(kinesis: Service) -> None:
    """boto3 sends whole seconds; other SDKs send fractions in JSON."""
    kinesis.create("s")
    headers = {"X-Amz-Target": "Kinesis_20131202.GetShardIterator", "Content-Type": "application/x-amz-json-1.1"}
    kinesis.call("PutRecord", StreamName="s", Data=b"x", PartitionKey="k")
    first = kinesis.call("GetRecords", ShardIterator=kinesis.iterator("s"))["Records"][0]
    arrived_ms = round(first["ApproximateArrivalTimestamp"].timestamp() * 1000)
    CLOCK.advance(1)
    counts = []
    for time_ms in (arrived_ms, arrived_ms + 1):
        body = f'{{"StreamName":"s","ShardId":"0","ShardIteratorType":"AT_TIMESTAMP","Timestamp":{time_ms / 1000:.3f}}}'
        iterator = json.loads(kinesis.send(headers, body.encode()).data)["ShardIterator"]
        counts.append(len(kinesis.call("GetRecords", ShardIterator=iterator)["Records"]))
    assert counts == [1, 0]


def test_a_write_rings_for_the_streams_readers_before_it_is_answered(kinesis: Service) -> None:
    arn = kinesis.create("s")
    alarm = Alarm()
    STREAM_WRITES.listen(arn, alarm)
    try:
        for operation, more in (
            ("PutRecord", {"Data": b"x", "PartitionKey": "k"}),
            ("PutRecords", {"Records": [{"Data": b"x", "PartitionKey": "k"}]}),
            ("SplitShard", {"ShardToSplit": "0", "NewStartingHashKey": "1000"}),
            ("MergeShards", {"ShardToMerge": "1", "AdjacentShardToMerge": "2"}),
            ("UpdateShardCount", {"TargetShardCount": 2, "ScalingType": "UNIFORM_SCALING"}),
            ("DeleteStream", {}),
        ):
            alarm.clear()
            kinesis.call(operation, StreamName="s", **more)
            assert alarm.is_set(), operation
    finally:
        STREAM_WRITES.unlisten(arn, alarm)


def test_an_iterator_expires_after_five_minutes(kinesis: Service) -> None:
    kinesis.create("s")
    iterator = kinesis.iterator("s")
    CLOCK.advance(299)
    kinesis.call("GetRecords", ShardIterator=iterator)
    CLOCK.advance(2)
    code, message = kinesis.refusal("GetRecords", ShardIterator=iterator)
    assert code == "ExpiredIteratorException"
    assert message.startswith("Iterator expired.")


def test_an_iterator_of_a_deleted_stream_does_not_read_its_successor(kinesis: Service) -> None:
    kinesis.create("s")
    iterator = kinesis.iterator("s")
    kinesis.call("DeleteStream", StreamName="s")
    CLOCK.advance(1)
    kinesis.create("s")
    assert kinesis.refusal("GetRecords", ShardIterator=iterator) == (
        "ResourceNotFoundException",
        "Shard shardId-000000000000 in stream s under account 000000000000 does not exist",
    )


def test_records_older_than_the_retention_period_are_gone(kinesis: Service) -> None:
    kinesis.create("s")
    kinesis.call("PutRecord", StreamName="s", Data=b"old", PartitionKey="k")
    CLOCK.advance(23 * 3600)
    kinesis.call("PutRecord", StreamName="s", Data=b"new", PartitionKey="k")
    CLOCK.advance(3601)
    assert kinesis.read("s") == [b"new"]


def test_records_of_an_encrypted_stream_say_so(kinesis: Service) -> None:
    kinesis.create("s")
    kinesis.call("StartStreamEncryption", StreamName="s", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    put = kinesis.call("PutRecord", StreamName="s", Data=b"x", PartitionKey="k")
    got = kinesis.call("GetRecords", ShardIterator=kinesis.iterator("s"))
    assert [put["EncryptionType"], got["Records"][0]["EncryptionType"]] == ["KMS", "KMS"]


def batch(count: int, size: int = 1) -> dict[str, object]:
    return {"StreamName": "s", "Records": [{"Data": bytes(size), "PartitionKey": "k"}] * count}


INVALID, MISSING = "InvalidArgumentException", "ResourceNotFoundException"
EITHER = (
    "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or "
    "(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified"
)
PUT = {"StreamName": "s", "Data": b"", "PartitionKey": "k"}
BATCH = {"StreamName": "s", "Records": [{"Data": b""}]}
START = {"StreamName": "s", "ShardId": "shardId-000000000000", "ShardIteratorType": "LATEST"}
GET = {"ShardIterator": "nonsense"}


@pytest.mark.parametrize(
    ("operation", "parameters", "code", "message"),
    [
        ("PutRecord", PUT | {"StreamName": "no"}, MISSING, "Stream no under account 000000000000 not found."),
        (
            "PutRecord",
            PUT | {"SequenceNumberForOrdering": "7"},
            INVALID,
            "ExclusiveMinimumSequenceNumber 7 used in PutRecord on stream s under account 000000000000 is invalid.",
        ),
        ("PutRecords", batch(6, MIB - 1), INVALID, "Records size exceeds 5 MB limit"),
        ("GetRecords", GET, INVALID, "Invalid ShardIterator."),
        (
            "GetShardIterator",
            START | {"ShardId": "shardId-000000000009"},
            MISSING,
            "Shard shardId-000000000009 in stream s under account 000000000000 does not exist",
        ),
        (
            "GetShardIterator",
            START | {"ShardId": "nonsense"},
            MISSING,
            "Could not find shard nonsense in stream s under account 000000000000.",
        ),
        (
            "GetShardIterator",
            START | {"ShardIteratorType": "AT_SEQUENCE_NUMBER"},
            INVALID,
            f"{EITHER} AT_SEQUENCE_NUMBER and no StartingSequenceNumber.",
        ),
        (
            "GetShardIterator",
            START | {"StartingSequenceNumber": "1"},
            INVALID,
            f"{EITHER} LATEST and also a StartingSequenceNumber.",
        ),
        (
            "GetShardIterator",
            {"ShardId": "0", "ShardIteratorType": "LATEST"},
            INVALID,
            "Either StreamName or StreamARN should be provided.",
        ),
    ],
)
def test_what_does_not_fit_the_stream_is_refused_in_awss_words(
    kinesis: Service, operation: str, parameters: dict[str, object], code: str, message: str
) -> None:
    kinesis.create("s")
    assert kinesis.refusal(operation, **parameters) == (code, message)


AT_MOST, AT_LEAST = "Member must have {} less than or equal to {}", "Member must have {} greater than or equal to {}"
MIB_AT_MOST = AT_MOST.format("length", MIB)
STARTS = "AT_SEQUENCE_NUMBER, AFTER_SEQUENCE_NUMBER, TRIM_HORIZON, LATEST, AT_TIMESTAMP"


@pytest.mark.parametrize(
    ("operation", "parameters", "value", "at", "rule"),
    [
        ("PutRecord", PUT | {"Data": bytes(MIB)}, "", "data", MIB_AT_MOST),
        (
            "PutRecord",
            PUT | {"PartitionKey": "k" * 257},
            f"'{'k' * 257}'",
            "partitionKey",
            AT_MOST.format("length", 256),
        ),
        (
            "PutRecord",
            PUT | {"ExplicitHashKey": "01"},
            "'01'",
            "explicitHashKey",
            r"Member must satisfy regular expression pattern: 0|([1-9]\d{0,38})",
        ),
        ("PutRecords", batch(501), "", "records", AT_MOST.format("length", 500)),
        ("PutRecords", batch(0), "", "records", AT_LEAST.format("length", 1)),
        ("PutRecords", batch(2, MIB), "", "records.1.member.data", MIB_AT_MOST),
        ("PutRecords", BATCH, "null", "records.1.member.partitionKey", "Member must not be null"),
        ("GetRecords", GET | {"Limit": 10001}, "'10001'", "limit", AT_MOST.format("value", 10000)),
        (
            "GetShardIterator",
            START | {"ShardIteratorType": "SOON"},
            "'SOON'",
            "shardIteratorType",
            f"Member must satisfy enum value set: [{STARTS}]",
        ),
    ],
)
def test_what_breaks_a_constraint_is_refused_in_awss_words(
    kinesis: Service, operation: str, parameters: dict[str, object], value: str, at: str, rule: str
) -> None:
    kinesis.create("s")
    assert kinesis.refusal(operation, **parameters) == ("ValidationException", broken_once(value, at, rule))


def test_nothing_of_a_refused_batch_is_kept(kinesis: Service) -> None:
    kinesis.create("s")
    kinesis.refusal("PutRecords", **batch(2, MIB))
    bad = {"Data": b"x", "PartitionKey": "k", "ExplicitHashKey": str(2**128)}
    kinesis.refusal("PutRecords", StreamName="s", Records=[{"Data": b"x", "PartitionKey": "k"}, bad])
    assert kinesis.read("s") == []


def test_a_larger_record_size_lets_larger_records_in(kinesis: Service) -> None:
    arn = kinesis.create("s")
    kinesis.call("UpdateMaxRecordSize", StreamARN=arn, MaxRecordSizeInKiB=2048)
    kinesis.call_with("PutRecords", batch(4, 2 * MIB - 1))
    assert len(kinesis.read("s")) == 4
    assert (
        kinesis.refusal("PutRecord", StreamName="s", Data=bytes(2 * MIB), PartitionKey="k")[0] == "ValidationException"
    )
    assert kinesis.refusal("PutRecords", **batch(6, 2 * MIB - 1)) == (
        "InvalidArgumentException",
        "Records size exceeds 10 MB limit",
    )


THROTTLED = "Rate exceeded for shard shardId-000000000000 in stream s under account 000000000000."


def test_without_the_switch_a_shard_has_no_throughput_limit(kinesis: Service) -> None:
    kinesis.create("s")
    assert [kinesis.call_with("PutRecords", batch(500))["FailedRecordCount"] for _ in range(4)] == [0] * 4
    for _ in range(9):
        kinesis.read("s")


def test_a_throttled_shard_fails_the_records_that_do_not_fit(kinesis: Service) -> None:
    LIMITS.enforce(Limit.SHARD_LIMITS)
    kinesis.create("s")
    answers = [kinesis.call_with("PutRecords", batch(500)) for _ in range(3)]
    failed = [result for answer in answers for result in answer["Records"] if "ErrorCode" in result]
    assert [answer["FailedRecordCount"] for answer in answers] == [0, 0, 500]
    assert failed == [{"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": THROTTLED}] * 500
    assert kinesis.refusal("PutRecord", StreamName="s", Data=b"", PartitionKey="k") == (
        "ProvisionedThroughputExceededException",
        THROTTLED,
    )
    CLOCK.advance(1)
    assert kinesis.call_with("PutRecords", batch(500))["FailedRecordCount"] == 0


def test_one_throttled_shard_fails_its_own_records_only(kinesis: Service) -> None:
    LIMITS.enforce(Limit.SHARD_LIMITS)
    kinesis.create("s", 2)
    half = MIB // 2
    records = [
        {"Data": bytes(size), "PartitionKey": "k", "ExplicitHashKey": place}
        for size, place in ((half, "0"), (half, "0"), (half - 2, LAST_HASH), (1, LAST_HASH), (9, "0"))
    ]
    answer = kinesis.call("PutRecords", StreamName="s", Records=records)
    assert ["ErrorCode" in result for result in answer["Records"]] == [False, True, False, False, False]


def test_a_shard_that_is_read_too_often_refuses(kinesis: Service) -> None:
    LIMITS.enforce(Limit.SHARD_LIMITS)
    kinesis.create("s")
    iterators = [kinesis.iterator("s") for _ in range(6)]
    for iterator in iterators[:5]:
        kinesis.call("GetRecords", ShardIterator=iterator)
    refused = kinesis.refusal("GetRecords", ShardIterator=iterators[5])
    assert refused == ("ProvisionedThroughputExceededException", THROTTLED)
    CLOCK.advance(1)
    kinesis.call("GetRecords", ShardIterator=iterators[5])


def test_over_the_memory_cap_the_oldest_records_go_with_a_warning(
    kinesis: Service, caplog: pytest.LogCaptureFixture
) -> None:
    CONFIG.max_bytes = 4 * MIB
    kinesis.create("s")
    kinesis.create("t")
    for number in range(20):
        for name in ("s", "t"):
            kinesis.call("PutRecord", StreamName=name, Data=bytes([number]) * (MIB // 4), PartitionKey="k")
        CLOCK.advance(1)
    kept = [data[0] for name in ("s", "t") for data in kinesis.read(name)]
    assert sorted(kept)[-2:] == [19, 19]
    assert len(kept) * (MIB // 4) <= CONFIG.max_bytes
    assert "before their retention was over" in caplog.text


def test_localstacks_error_probability_is_honoured(kinesis: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "KINESIS_ERROR_PROBABILITY", 1.0)
    kinesis.create("s")
    assert kinesis.refusal("PutRecord", **PUT)[0] == "ProvisionedThroughputExceededException"
    answer = kinesis.call_with("PutRecords", batch(2))
    assert (answer["FailedRecordCount"], len(answer["Records"])) == (2, 2)
    assert kinesis.read("s") == []


def test_no_place_in_a_deleted_stream_is_one_in_the_stream_made_in_the_same_moment(kinesis: Service) -> None:
    kinesis.create("s")
    for _ in range(3):
        last = kinesis.call_with("PutRecord", PUT)["SequenceNumber"]
    iterator = kinesis.iterator("s", kind="LATEST")
    kinesis.call("DeleteStream", StreamName="s")
    kinesis.create("s")
    for _ in range(5):
        assert kinesis.call_with("PutRecord", PUT)["SequenceNumber"] > last
    assert kinesis.refusal("GetRecords", ShardIterator=iterator)[0] == "ResourceNotFoundException"
    with pytest.raises(ClientError, match="did not come from this stream"):
        kinesis.iterator("s", kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=last)


def test_the_readers_are_called_before_memory_is_counted(kinesis: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is stored is announced even where counting it fails."""
    arn = kinesis.create("s")
    alarm = Alarm()
    STREAM_WRITES.listen(arn, alarm)

    def fail() -> int:
        raise LookupError

    monkeypatch.setattr(writing, "MEMORY", MemoryCap(fail, list, lambda *_: None))
    with contextlib.suppress(LookupError):
        kinesis.call_with("PutRecord", PUT)
    STREAM_WRITES.unlisten(arn, alarm)
    assert alarm.is_set()
    assert kinesis.read("s") != []


def test_after_the_end_of_a_closed_shard_there_is_nothing(kinesis: Service) -> None:
    kinesis.create("s")
    kinesis.call_with("PutRecord", PUT)
    kinesis.call("SplitShard", StreamName="s", ShardToSplit="0", NewStartingHashKey="1000")
    end = kinesis.call("ListShards", StreamName="s")["Shards"][0]["SequenceNumberRange"]["EndingSequenceNumber"]
    iterator = kinesis.iterator("s", kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=end)
    answer = kinesis.call("GetRecords", ShardIterator=iterator)
    assert (answer["Records"], len(answer["ChildShards"])) == ([], 2)
