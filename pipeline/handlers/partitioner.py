"""Chunk → part files: an Avro file per partition the chunk touches, then the tag that says it is done.

The keys of the parts derive from the chunk's key and their bytes from its bytes, so that a chunk which comes
twice, or again after a crash, writes the same objects.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from wavetank.pipeline.aws import calls, environment, listing
from wavetank.pipeline.aws.late import EVENTS
from wavetank.pipeline.aws.schemas import registry
from wavetank.pipeline.aws.tags import DONE_TAG
from wavetank.pipeline.core import quarantine
from wavetank.pipeline.core.partition import BadBytes, Scanned, partition
from wavetank.pipeline.core.route import Partition
from wavetank.pipeline.core.schema import Role
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.records import Origin, Rejected, Stage


@dataclass(frozen=True, slots=True)
class Chunk:
    """One object that Firehose delivered."""

    bucket: str
    key: str

    @property
    def event(self) -> str:
        """Its event type, from its key: `chunks/<event>/…`."""
        folder, _, rest = self.key.partition("/")
        event, _, name = rest.partition("/")
        if folder != "chunks" or not name:
            raise ConfigurationError(f"{self.key} is no chunk: a chunk's key is chunks/<event>/…")
        return event

    def part_key(self, where: Partition) -> str:
        """The key of its part in one partition."""
        return f"{listing.parts_prefix(where)}{sha256(self.key.encode()).hexdigest()[:32]}.avro"


def handle(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Partition each chunk that an S3 notification (by SNS or direct) names; answers with the counts."""
    counts = [_partition(chunk) for chunk in _chunks(event)]
    return {
        "chunks": len(counts),
        "parts": sum(parts for parts, _ in counts),
        "quarantined": sum(bad for _, bad in counts),
    }


def _chunks(event: dict[str, Any]) -> Iterator[Chunk]:
    for record in event.get("Records", []):
        if "Sns" in record:
            yield from _chunks(json.loads(record["Sns"]["Message"]))
        elif "s3" in record:
            yield Chunk(record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"]))


def _partition(chunk: Chunk) -> tuple[int, int]:
    """Write the parts, quarantine the rest, tag the chunk: in this order, each only after the one before."""
    found = _fetch(chunk)
    if found is None:
        return 0, 0
    data, arrived_us = found
    scanned = Scanned.of(data)
    schemas = registry(environment.text("REGISTRY_BUCKET"), chunk.event).resolve(Role.PROCESSED, scanned.fingerprints)
    result = partition(scanned, schemas, environment.number("HASH_BUCKETS"))
    parts = {chunk.part_key(where): part for where, part in result.parts.items()}
    counts = {key: {EVENTS: str(part.events)} for key, part in parts.items()}
    calls.put_objects(chunk.bucket, {key: part.data for key, part in parts.items()}, counts)
    rejected = [_rejected(chunk, bad, arrived_us) for bad in result.bad]
    calls.put_objects(chunk.bucket, quarantine.files(chunk.event, rejected))
    calls.s3().put_object_tagging(Bucket=chunk.bucket, Key=chunk.key, Tagging={"TagSet": [DONE_TAG]})
    return len(result.parts), len(result.bad)


def _fetch(chunk: Chunk) -> tuple[bytes, int] | None:
    """The chunk's bytes and when it arrived; None where it has expired since it was announced."""
    try:
        answer = calls.s3().get_object(Bucket=chunk.bucket, Key=chunk.key)
    except ClientError as error:
        if calls.code(error) == "NoSuchKey":
            return None
        raise
    return answer["Body"].read(), int(answer["LastModified"].timestamp() * 1_000_000)


def _rejected(chunk: Chunk, bad: BadBytes, arrived_us: int) -> Rejected:
    origin = Origin(chunk.key, str(bad.offset), "", arrived_us)
    return Rejected(bad.rejection, Stage.PARTITION, bad.payload, origin)
