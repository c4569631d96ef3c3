"""The work that the pipeline's functions do for a batch of events, in this process and without any AWS call.

From the frames that a producer sends to the bytes of the Avro and Parquet files at rest: decode, enrich, encode
and frame; partition into part files; read, merge and write them. It is what the pipeline costs at least.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from wavetank.pipeline import topology
from wavetank.pipeline.core import decode, frame
from wavetank.pipeline.core.bulk import batch
from wavetank.pipeline.core.bulk.digests import Digests
from wavetank.pipeline.core.bulk.merge import merge_all
from wavetank.pipeline.core.enrich import enrich
from wavetank.pipeline.core.files import parquet
from wavetank.pipeline.core.partition import Scanned, partition
from wavetank.pipeline.core.schema import Role, Schema, parse
from wavetank.pipeline.records import Rejection
from wavetank.pipeline.topology import Enrichment, EventType, Topology


@dataclass(frozen=True)
class CorePath:
    """The core functions of one event type with all that they need."""

    raw: Mapping[bytes, Schema]
    processed: Schema
    enrichment: Enrichment | None
    snapshot: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, event: EventType, planned: Topology) -> "CorePath":
        """The path of an event type, with the schemas and the reference data of the folder."""
        schemas = [parse(file.path.read_bytes(), event.name, Role(file.role), file.version) for file in event.schemas]
        raw = {schema.fingerprint: schema for schema in schemas if schema.role is Role.RAW}
        processed = max(
            (schema for schema in schemas if schema.role is Role.PROCESSED), key=lambda schema: schema.version
        )
        return cls(raw, processed, event.enrichment, _snapshot(event.enrichment, planned.references))

    def records_at_rest(self, frames: Iterable[bytes]) -> int:
        """Take `frames` all the way and return the number of records in the Avro files at the end."""
        chunk = b"".join(self._process(data) for data in frames)
        parts = partition(Scanned.of(chunk), {self.processed.fingerprint: self.processed}, topology.HASH_BUCKETS)
        return sum(self._merge(part.data) for part in parts.parts.values())

    def _process(self, data: bytes) -> bytes:
        piece = frame.decode(data)
        if isinstance(piece, Rejection):
            raise ValueError(piece.message)
        event = decode.decode(piece.body, self.raw[piece.fingerprint])
        if isinstance(event, Rejection):
            raise ValueError(event.message)
        fields = enrich(event.fields, self.enrichment, self.snapshot)
        return frame.encode(self.processed.fingerprint, decode.encode(fields, self.processed))

    def _merge(self, part: bytes) -> int:
        found = merge_all(batch.read(part, self.processed), Digests.unpacked(b""))
        return parquet.write_both(found, self.processed, BytesIO(), BytesIO())


def _snapshot(enrichment: Enrichment | None, references: Iterable[Path]) -> Mapping[str, Mapping[str, Any]]:
    for path in references:
        if enrichment is not None and path.stem == enrichment.reference:
            rows: Mapping[str, Mapping[str, Any]] = json.loads(path.read_text("utf-8"))["rows"]
            return rows
    return {}
