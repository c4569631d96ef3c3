"""What clients that speak CBOR (the SDK for Java, the KCL) send and get: bytes, and times in milliseconds."""

import cbor2

from tests.unit.emulator.kinesis.service import CBOR, Service
from wavetank.emulator.runtime.clock import CLOCK


def test_records_are_bytes_and_times_are_tagged(kinesis: Service) -> None:
    kinesis.create("s")
    status, put = kinesis.call_cbor("PutRecords", StreamName="s", Records=[{"Data": b"\x00\xff", "PartitionKey": "k"}])
    assert (status, put["FailedRecordCount"]) == (200, 0)
    iterator = kinesis.iterator("s")
    _, answer = kinesis.call_cbor("GetRecords", ShardIterator=iterator)
    (record,) = answer["Records"]
    in_json = kinesis.call("GetRecords", ShardIterator=iterator)["Records"][0]
    assert record["Data"] == b"\x00\xff"
    assert record["SequenceNumber"] == put["Records"][0]["SequenceNumber"]
    assert record["ApproximateArrivalTimestamp"] == in_json["ApproximateArrivalTimestamp"]


def test_a_time_is_sent_as_a_whole_number_of_milliseconds(kinesis: Service) -> None:
    """The SDKs refuse any other number there: C1 is tag 1, 1B an integer of eight bytes."""
    kinesis.create("s")
    headers = {"X-Amz-Target": "Kinesis_20131202.DescribeStreamSummary", "Content-Type": CBOR}
    content = kinesis.send(headers, cbor2.dumps({"StreamName": "s"})).data
    assert b"StreamCreationTimestamp\xc1\x1b" in content


def test_a_time_is_taken_in_milliseconds(kinesis: Service) -> None:
    kinesis.create("s")
    kinesis.call("PutRecord", StreamName="s", Data=b"x", PartitionKey="k")
    arrived = kinesis.call_cbor("GetRecords", ShardIterator=kinesis.iterator("s"))[1]["Records"][0]
    arrived_ms = round(arrived["ApproximateArrivalTimestamp"].timestamp() * 1000)
    CLOCK.advance(1)
    counts = []
    for time_ms in (arrived_ms, arrived_ms + 1):
        position = {"StreamName": "s", "ShardId": "0", "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": time_ms}
        iterator = kinesis.call_cbor("GetShardIterator", **position)[1]["ShardIterator"]
        counts.append(len(kinesis.call("GetRecords", ShardIterator=iterator)["Records"]))
    assert counts == [1, 0]


def test_descriptions_have_times_in_milliseconds(kinesis: Service) -> None:
    kinesis.create("s")
    _, answer = kinesis.call_cbor("DescribeStreamSummary", StreamName="s")
    created = answer["StreamDescriptionSummary"]["StreamCreationTimestamp"]
    assert abs(created.timestamp() - CLOCK.now()) < 60


def test_an_error_has_its_name_and_message(kinesis: Service) -> None:
    status, answer = kinesis.call_cbor("DescribeStream", StreamName="no")
    assert (status, answer["__type"], answer["message"]) == (
        400,
        "ResourceNotFoundException",
        "Stream no under account 000000000000 not found.",
    )


def test_an_answer_without_content_is_cbor_too(kinesis: Service) -> None:
    status, answer = kinesis.call_cbor("CreateStream", StreamName="s", ShardCount=1)
    assert (status, answer) == (200, {})
    assert CBOR == "application/x-amz-cbor-1.1"
