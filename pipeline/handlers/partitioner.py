"""Chunk → part files: an Avro file per partition the chunk touches, then the tag that says it is done.

The keys of the parts derive from the chunk's key and their bytes from its bytes, so that a chunk which comes
twice, or again after a crash, writes the same objects.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from wavetank.pipeline import layout
from wavetank.pipeline.aws import calls, environment, report
from wavetank.pipeline.aws.schemas import registry
from wavetank.pipeline.aws.service_clock import SERVICE_CLOCK
from wavetank.pipeline.core import quarantine
from wavetank.pipeline.core.partition import Scanned, partition
from wavetank.pipeline.core.schema import Role
from wavetank.pipeline.layout import DONE_TAG, EVENTS
from wavetank.pipeline.records import Origin, Rejected, Stage


def handle(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Partition each chunk that an S3 notification (by SNS or direct) names; answers with the counts."""
    totals = {"chunks": 0, "parts": 0, "quarantined": 0}
    for bucket, key in _chunks(event):
        with report.invocation(layout.event_type_of_chunk(key), chunk=key) as line:
            _partition(bucket, key, line)
            totals = {name: total + int(line.get(name, 0)) for name, total in totals.items()}
    return totals


def _chunks(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Bucket and key of each chunk in a notification."""
    for record in event.get("Records", []):
        if "Sns" in record:
            yield from _chunks(json.loads(record["Sns"]["Message"]))
        elif "s3" in record:
            yield record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])


def _partition(bucket: str, key: str, line: report.Fields) -> None:
    """Write the parts, quarantine the rest, tag the chunk: in this order, each only after the one before.

    Nothing is done for a chunk that has expired since it was announced. `line` is that of the chunk.
    """
    try:
        chunk = calls.s3().get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if calls.code(error) == "NoSuchKey":
            line["chunks"] = 0
            return
        raise
    data, arrived = chunk["Body"].read(), chunk["LastModified"].timestamp()
    arrived_us = int(arrived * 1_000_000)
    event_type, scanned = layout.event_type_of_chunk(key), Scanned.of(data)
    schemas = registry(environment.text("REGISTRY_BUCKET"), event_type).resolve(Role.PROCESSED, scanned.fingerprints)
    buckets = environment.number_of("HASH_BUCKETS", event_type)
    result = partition(scanned, schemas, buckets, environment.sizes())
    parts = {layout.part_key(where, chunk=key): part for where, part in result.parts.items()}
    counts = {part_key: {EVENTS: str(part.events)} for part_key, part in parts.items()}
    calls.put_objects(bucket, {part_key: part.data for part_key, part in parts.items()}, counts)
    rejected = [
        Rejected(bad.rejection, Stage.PARTITION, bad.payload, Origin(key, str(bad.offset), "", arrived_us))
        for bad in result.bad
    ]
    calls.add_objects(bucket, quarantine.files(event_type, rejected))
    line["quarantined"] = report.set_aside(event_type, rejected)
    calls.s3().put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": [DONE_TAG]})
    line |= {
        "chunks": 1,
        "bytes": len(data),
        "events": sum(part.events for part in parts.values()),
        "parts": len(parts),
        "chunk_age_s": report.age_s(arrived, SERVICE_CLOCK.now()),
    }
