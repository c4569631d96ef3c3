"""Records of a stream, and what a function gets of each.

The event has the shape of the AWS developer guide, "Using Lambda to process records from Amazon Kinesis Data
Streams". Each record's part of it is made once, when the record is read, since the same text is needed to
measure a batch, to send it, and to send it again.
"""

from json.encoder import encode_basestring_ascii as quoted
from typing import NamedTuple, TypedDict


class Record(NamedTuple):
    """A stream record on its way to a function: its place, when it arrived (seconds since the epoch), its JSON."""

    sequence: str
    arrived: float
    json: str


class RawRecord(TypedDict):
    """A record as the JSON of GetRecords has it: data in base64, time in seconds since the epoch."""

    SequenceNumber: str
    PartitionKey: str
    Data: str
    ApproximateArrivalTimestamp: float


class EventWriter:
    """Writes the records of one shard for one mapping."""

    def __init__(self, source_arn: str, region: str, role_arn: str, shard_id: str) -> None:
        self._head = '{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":'
        self._middle = f'}},"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"{shard_id}:'
        self._tail = (
            f'","eventName":"aws:kinesis:record","invokeIdentityArn":{quoted(role_arn)},'
            f'"awsRegion":{quoted(region)},"eventSourceARN":{quoted(source_arn)}}}'
        )

    def write(self, raw: RawRecord) -> Record:
        """The record with its part of the event; data and sequence number need no escaping."""
        sequence = raw["SequenceNumber"]
        arrived = float(raw["ApproximateArrivalTimestamp"])
        text = (
            f'{self._head}{quoted(raw["PartitionKey"])},"sequenceNumber":"{sequence}","data":"{raw["Data"]}",'
            f'"approximateArrivalTimestamp":{arrived!r}{self._middle}{sequence}{self._tail}'
        )
        return Record(sequence, arrived, text)
