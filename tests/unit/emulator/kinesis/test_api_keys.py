"""The partition keys of records, as a client sees them: counted in characters by one limit, in bytes by the others."""

import pytest

from tests.unit.emulator.kinesis.service import Service, broken_once
from wavetank.emulator.limits.register import LIMITS, Limit

MIB = 1024 * 1024
WIDE = {"a": 1, "\u00e9": 2, "\u6c34": 3, "\U0001f30a": 4}
"""Characters, and the bytes of each in UTF-8."""


@pytest.mark.parametrize(("character", "size"), WIDE.items())
def test_a_partition_key_takes_its_bytes_in_utf8_of_the_size_of_a_record(
    kinesis: Service, character: str, size: int
) -> None:
    kinesis.create("s")
    key = character * 256
    room = MIB - 256 * size
    kinesis.call("PutRecord", StreamName="s", Data=bytes(room), PartitionKey=key)
    refused = kinesis.refusal("PutRecord", StreamName="s", Data=bytes(room + 1), PartitionKey=key)
    rule = f"Member must have length less than or equal to {MIB}"
    assert refused == ("ValidationException", broken_once("", "data", rule))
    record = {"Data": bytes(room + 1), "PartitionKey": key}
    assert kinesis.refusal("PutRecords", StreamName="s", Records=[record])[0] == "ValidationException"
    kinesis.call("PutRecords", StreamName="s", Records=[{"Data": bytes(room), "PartitionKey": key}] * 5)
    more = [{"Data": bytes(room), "PartitionKey": key}] * 5 + [{"Data": b"", "PartitionKey": character}]
    assert kinesis.refusal("PutRecords", StreamName="s", Records=more) == (
        "InvalidArgumentException",
        "Records size exceeds 5 MB limit",
    )


@pytest.mark.parametrize("character", WIDE)
def test_a_partition_key_is_limited_in_characters(kinesis: Service, character: str) -> None:
    kinesis.create("s")
    kinesis.call("PutRecord", StreamName="s", Data=b"", PartitionKey=character * 256)
    kinesis.call("PutRecords", StreamName="s", Records=[{"Data": b"", "PartitionKey": character * 256}])
    put = {"StreamName": "s", "Data": b"", "PartitionKey": character * 257}
    assert kinesis.refusal("PutRecord", **put)[0] == "ValidationException"
    records = [{"Data": b"", "PartitionKey": character * 257}]
    assert kinesis.refusal("PutRecords", StreamName="s", Records=records)[0] == "ValidationException"


def test_a_throttled_shard_counts_the_bytes_of_keys(kinesis: Service) -> None:
    LIMITS.enforce(Limit.SHARD_LIMITS)
    kinesis.create("s")
    key = "\U0001f30a" * 256
    record = {"Data": bytes(MIB // 2 - 512), "PartitionKey": key}
    answer = kinesis.call("PutRecords", StreamName="s", Records=[record] * 2)
    assert answer["FailedRecordCount"] == 1


@pytest.mark.parametrize("operation", ["PutRecord", "PutRecords"])
def test_a_partition_key_that_is_no_text_in_utf8_is_refused(kinesis: Service, operation: str) -> None:
    kinesis.create("s")
    record = {"Data": b"", "PartitionKey": "\ud800"}
    parameters = record if operation == "PutRecord" else {"Records": [record]}
    assert kinesis.refusal(operation, StreamName="s", **parameters)[0] == "SerializationException"
    assert kinesis.read("s") == []
