"""The event has AWS's shape, byte for byte what its size was measured by."""

import base64
import json

from wavetank.emulator.lambda_.mappings.batch_window import ENVELOPE_BYTES, event_json
from wavetank.emulator.lambda_.mappings.stream.core.event import EventWriter, RawRecord

ROLE = "arn:aws:iam::000000000000:role/worker"
STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
SEQUENCE = "49590338271490256608559692538361571095921575989136588898"


def raw(key: str = "k", data: bytes = b"hello", arrived: float = 1545084650.987) -> RawRecord:
    return RawRecord(
        SequenceNumber=SEQUENCE,
        PartitionKey=key,
        Data=base64.b64encode(data).decode(),
        ApproximateArrivalTimestamp=arrived,
    )


def writer() -> EventWriter:
    return EventWriter(STREAM, "us-east-1", ROLE, "shardId-000000000006")


def test_a_record_is_written_as_aws_documents_it() -> None:
    event = json.loads(event_json([writer().write(raw())]))
    assert event == {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": "k",
                    "sequenceNumber": SEQUENCE,
                    "data": "aGVsbG8=",
                    "approximateArrivalTimestamp": 1545084650.987,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"shardId-000000000006:{SEQUENCE}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": ROLE,
                "awsRegion": "us-east-1",
                "eventSourceARN": STREAM,
            }
        ]
    }


def test_a_partition_key_may_hold_any_character() -> None:
    key = 'a"b\\c\nü💥\u2028'
    event = json.loads(event_json([writer().write(raw(key=key))]))
    assert event["Records"][0]["kinesis"]["partitionKey"] == key


def test_a_time_in_whole_seconds_stays_a_number() -> None:
    event = json.loads(event_json([writer().write(raw(arrived=1545084650))]))
    assert event["Records"][0]["kinesis"]["approximateArrivalTimestamp"] == 1545084650


def test_the_size_of_an_event_is_known_before_it_is_written() -> None:
    records = [writer().write(raw(key="ü" * n)) for n in range(3)]
    text = event_json(records)
    assert text.isascii()
    assert len(text) == ENVELOPE_BYTES + sum(len(record.json) for record in records) + 2
    assert len(event_json([])) == ENVELOPE_BYTES
