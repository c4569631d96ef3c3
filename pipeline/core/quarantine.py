"""Files rejected records: an Avro file per event type, reason and day of arrival, with the original bytes."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from io import BytesIO

from fastavro import parse_schema, writer

from wavetank.pipeline import layout
from wavetank.pipeline.core.marker import SYNC
from wavetank.pipeline.core.route import EPOCH
from wavetank.pipeline.records import Reason, Rejected

SCHEMA = parse_schema(
    {
        "type": "record",
        "name": "Quarantined",
        "namespace": "wavetank",
        "doc": "A record that could not go on, with its original bytes.",
        "fields": [
            {"name": "event_type", "type": "string"},
            {"name": "reason", "type": "string", "doc": "For machines: unknown-schema, undecodable, ..."},
            {"name": "message", "type": "string", "doc": "For people: what is wrong with it."},
            {"name": "stage", "type": "string", "doc": "source or process (raw stream), partition (chunk)."},
            {"name": "source", "type": "string", "doc": "The stream's ARN or the chunk's key."},
            {
                "name": "position",
                "type": "string",
                "doc": "Sequence number in the stream, offset in the chunk.",
            },
            {"name": "partition_key", "type": "string"},
            {
                "name": "arrived",
                "type": {"type": "long", "logicalType": "timestamp-micros"},
                "doc": "When the stream or the bucket took it.",
            },
            {"name": "payload", "type": "bytes", "doc": "The bytes as they came."},
            {"name": "event_id", "type": "string", "default": "", "doc": "Where it could be read; else empty."},
        ],
    }
)

LONGEST_MESSAGE = 1000
"""Characters kept of a message: what it quotes may be as long as the record, whose bytes are kept beside it."""


def files(event_type: str, rejected: Sequence[Rejected]) -> dict[str, bytes]:
    """Key → Avro file, one for each reason and day; the same records give the same keys and bytes.

    A file is named after where its records came from, so that doing it again writes the same object.
    """
    groups: defaultdict[tuple[Reason, str], list[Rejected]] = defaultdict(list)
    for record in rejected:
        day = f"{EPOCH + timedelta(microseconds=record.origin.arrived_us):%Y-%m-%d}"
        groups[record.rejection.reason, day].append(record)
    contents: dict[str, bytes] = {}
    for (reason, day), records in groups.items():
        digest, out = sha256(), BytesIO()
        for record in records:
            digest.update(f"{record.origin.source}\0{record.origin.position}\0".encode())
            digest.update(sha256(record.payload).digest())
        rows = (
            {
                "event_type": event_type,
                "reason": record.rejection.reason,
                "message": record.rejection.message[:LONGEST_MESSAGE],
                "stage": record.stage,
                "source": record.origin.source,
                "position": record.origin.position,
                "partition_key": record.origin.partition_key,
                "arrived": record.origin.arrived_us,
                "payload": record.payload,
                "event_id": record.rejection.event_id,
            }
            for record in records
        )
        writer(out, SCHEMA, rows, codec="deflate", codec_compression_level=6, sync_marker=SYNC)
        contents[layout.quarantine_key(event_type, reason, day, digest.hexdigest()[:32])] = out.getvalue()
    return contents
