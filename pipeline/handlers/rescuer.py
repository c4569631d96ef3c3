"""Batches that the event source gave up → quarantine, while the stream still has their records.

The on-failure destination of the event source mapping is the data bucket: Lambda writes a document
`aws/lambda/<mapping>/<shard>/…` that says which records were given up (Lambda developer guide, "Retain discarded batch
records for a Kinesis Data Streams event source"). They are fetched again from the stream and set aside with their
bytes; records that the stream has lost are taken from the document's copy of the event, where it has one.
"""

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from wavetank.pipeline.aws import calls, environment, report
from wavetank.pipeline.core import quarantine
from wavetank.pipeline.errors import ServiceFault
from wavetank.pipeline.handlers.processor import arrivals
from wavetank.pipeline.names import Names
from wavetank.pipeline.records import Reason, Rejected, Rejection, Stage

AT_ONCE = 10_000


def handle(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Set aside the records of each failure document that an S3 notification names; answers with the counts."""
    names = Names(environment.text("NAME_PREFIX"))
    totals = {"documents": 0, "quarantined": 0}
    for notice in event.get("Records", []):
        if "s3" not in notice:
            continue
        bucket, key = notice["s3"]["bucket"]["name"], unquote_plus(notice["s3"]["object"]["key"])
        document = json.loads(calls.get_object(bucket, key))
        batch = document["KinesisBatchInfo"]
        stream = batch["streamArn"].rpartition("/")[2]
        position = {
            "stream": stream,
            "shard": batch["shardId"],
            "first_sequence": batch["startSequenceNumber"],
            "last_sequence": batch["endSequenceNumber"],
        }
        with report.invocation(names.event_type_of(stream), document=key, **position) as line:
            line["quarantined"] = _set_aside(bucket, key, document, names.event_type_of(stream))
            line["documents"] = 1
            totals = {name: total + int(line[name]) for name, total in totals.items()}
    return totals


def _set_aside(bucket: str, key: str, document: dict[str, Any], event_type: str) -> int:
    """Set aside the records of a failure document, and return how many. Raises ServiceFault where some are lost."""
    batch = document["KinesisBatchInfo"]
    records = list(_records(batch))
    if len(records) < batch["batchSize"]:
        records = max(records, json.loads(document.get("payload", "{}")).get("Records", []), key=len)
    reason = f"given up by the event source: {document['requestContext']['condition']}"
    rejection = Rejection(Reason.GIVEN_UP, reason)
    rejected = [Rejected(rejection, Stage.SOURCE, arrival.payload, arrival.origin) for arrival in arrivals(records)]
    calls.add_objects(bucket, quarantine.files(event_type, rejected))
    count = report.set_aside(event_type, rejected)
    if len(records) < batch["batchSize"]:
        raise ServiceFault(f"{key}: only {len(records)} of its {batch['batchSize']} records can still be had")
    return count


def _records(batch: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The records of a batch as the event source hands them out, from the stream; none where it has lost the first."""
    last = int(batch["endSequenceNumber"])
    try:
        iterator = calls.kinesis().get_shard_iterator(
            StreamARN=batch["streamArn"],
            ShardId=batch["shardId"],
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            StartingSequenceNumber=batch["startSequenceNumber"],
        )["ShardIterator"]
    except ClientError as error:
        if calls.code(error) == "InvalidArgumentException":
            return
        raise
    while iterator:
        page = calls.kinesis().get_records(ShardIterator=iterator, Limit=AT_ONCE, StreamARN=batch["streamArn"])
        for record in page["Records"]:
            if int(record["SequenceNumber"]) > last:
                return
            yield {
                "eventSourceARN": batch["streamArn"],
                "kinesis": {
                    "data": b64encode(record["Data"]),
                    "partitionKey": record["PartitionKey"],
                    "sequenceNumber": record["SequenceNumber"],
                    "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"].timestamp(),
                },
            }
            if int(record["SequenceNumber"]) == last:
                return
        if not page["Records"] and not page.get("MillisBehindLatest"):
            return
        iterator = page.get("NextShardIterator", "")
