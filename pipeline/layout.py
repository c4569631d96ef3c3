"""Keys, tags and metadata names of the data bucket, and the keys of the registry: no other module spells them.

    chunks/<event type>/YYYY/MM/DD/HH/…      Firehose's deliveries
    parts/<partition>/<digest>.avro          the events of one chunk in one partition
    late/<partition>/<digest>.avro           parts that came after their hour had left the look-back
    avro/<partition>/events.avro             data of record, merged and deduped
    parquet/<partition>/events.parquet       the same as Parquet
    ids/<partition>/ids                      the id index of the partition
    quarantine/event=<event type>/reason=<reason>/date=YYYY-MM-DD/<digest>.avro
    aws/lambda/<mapping>/<shard>/…           documents about batches that an event source gave up; Lambda names them
    delivery-errors/<event type>/…           deliveries that Firehose could not make

A partition is `event=<event type>/date=YYYY-MM-DD/hour=HH/bucket=BB`. The registry:

    schemas/<event type>/<role>/v<N>.avsc    one immutable object a version
    schemas/<event type>/index.json          fingerprint → version, by role; derived, may be missing
    schemas/<event type>/ids.json            Confluent id → raw version
    reference/<name>/index.json              since when each snapshot of a reference is in effect
    reference/<name>/snapshots/<digest>      a snapshot, named by its content
    reference/<name>/heartbeat.json          when the reference was last looked at, changed or not
    databases/<name>/lease.json              which run of a dumper may read the database
    components/<event type>.json             the settings that the event type was last deployed with
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TypedDict

from wavetank.pipeline.errors import ConfigurationError

CHUNKS, PARTS, LATE = "chunks", "parts", "late"
AVRO, PARQUET, IDS = "avro", "parquet", "ids"
QUARANTINE = "quarantine"
FAILURE_DOCUMENTS = "aws/lambda"
DELIVERY_ERRORS = "delivery-errors"
SCHEMAS, REFERENCE, COMPONENTS, DATABASES = "schemas", "reference", "components", "databases"
PROJECT_FILE = "wavetank.toml"
"""The file whose folder is a project; the schema folder is beside it."""
SHARED_FOLDER = "shared"
"""Schemas of types that several event types use (`pipeline.schemas.shared`)."""
PARTITION_COLUMNS = ("event", "date", "hour", "bucket")
"""The keys of a partition's folder, which queries see as columns."""

HOUR = timedelta(hours=1)
SCHEMA_KEY = re.compile(rf"{SCHEMAS}/(?P<event_type>[^/]+)/(?P<role>[^/]+)/v(?P<version>\d+)\.avsc")


class Tag(TypedDict):
    """A tag of an object, as S3 takes it. Tags are set last, and the life cycle of the bucket goes by them."""

    Key: str
    Value: str


DONE_TAG: Tag = {"Key": "wavetank-partitioned", "Value": "true"}
"""Set on a chunk when all its parts are written."""
MERGED_TAG: Tag = {"Key": "wavetank-merged", "Value": "true"}
"""Set on a part that is in a merged object: only such a part may expire."""
SPENT_TAG: Tag = {"Key": "wavetank-spent", "Value": "true"}
"""Set on a quarantine file whose records have been re-driven."""
SUPERSEDED_TAG: Tag = {"Key": "wavetank-superseded", "Value": "true"}
"""Set on a snapshot that no record which can still be processed was enriched with."""

EVENTS = "events"
"""Metadata of a part: the number of events in it."""
INPUTS = "inputs"
"""Metadata of a merged object: the digest of its inputs (`digest_of_inputs`)."""
LISTED = "listed"
"""Metadata of an id index: the listing (`digest_of_listing`) of the parts that it was made from."""
LEFT_OUT = "left-out"
"""Metadata of an id index: what could not be merged (`digest_of_left_out`); only where there is such a thing."""
MERGED_WITH = "seen"
"""Metadata of an id index: the inputs (`digest_of_merge_inputs`) that its partition was last merged with."""


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """The place of an event at rest. `date` is YYYY-MM-DD; `hour` 0–23; `bucket` counts from 0."""

    event_type: str
    date: str
    hour: int
    bucket: int

    @property
    def path(self) -> str:
        """The partition's folder, with Hive-style keys: `event=…/date=…/hour=HH/bucket=BB`."""
        return f"event={self.event_type}/date={self.date}/hour={self.hour:02}/bucket={self.bucket:02}"

    @property
    def start(self) -> datetime:
        """The start of the hour, UTC."""
        return datetime.fromisoformat(f"{self.date}T{self.hour:02}:00:00+00:00")

    def earlier(self, hours: int) -> "Partition":
        """The partition of the same event type and bucket so many hours before."""
        start = self.start - hours * HOUR
        return Partition(self.event_type, start.date().isoformat(), start.hour, self.bucket)

    @classmethod
    def from_path(cls, path: str) -> "Partition":
        """The partition whose `path` this is; raises ConfigurationError for anything else."""
        try:
            keys = dict(part.split("=", 1) for part in path.strip("/").split("/"))
            return cls(keys["event"], keys["date"], int(keys["hour"]), int(keys["bucket"]))
        except (ValueError, KeyError) as error:
            raise ConfigurationError(f"{path!r} is not event=…/date=…/hour=…/bucket=…") from error

    @classmethod
    def of_key(cls, key: str) -> "Partition":
        """The partition of an object, by its key; raises ConfigurationError for a key of another form."""
        return cls.from_path(key.partition("/")[2].rpartition("/")[0])


def chunk_prefix(event_type: str) -> str:
    """The folder of an event type's chunks."""
    return f"{CHUNKS}/{event_type}/"


def event_type_of_chunk(key: str) -> str:
    """The event type of a chunk; raises ConfigurationError where the key is none of a chunk."""
    folder, _, rest = key.partition("/")
    event_type, _, name = rest.partition("/")
    if folder != CHUNKS or not name:
        raise ConfigurationError(f"{key} is no chunk: a chunk's key is chunks/<event>/…")
    return event_type


def delivery_error_prefix(event_type: str) -> str:
    """The folder of an event type's failed deliveries."""
    return f"{DELIVERY_ERRORS}/{event_type}/"


def type_prefix(layer: str, event_type: str) -> str:
    """The folder of an event type in a layer: parts, late, avro, parquet, ids or quarantine."""
    return f"{layer}/event={event_type}/"


def parts_prefix(partition: Partition) -> str:
    """The folder of a partition's parts."""
    return f"{PARTS}/{partition.path}/"


def part_key(partition: Partition, chunk: str) -> str:
    """The part of a chunk in one partition; it follows from the chunk's key."""
    return f"{parts_prefix(partition)}{sha256(chunk.encode()).hexdigest()[:32]}.avro"


def avro_key(partition: Partition) -> str:
    """A partition's data of record."""
    return f"{AVRO}/{partition.path}/events.avro"


def parquet_key(partition: Partition) -> str:
    """The Parquet twin of a partition's data of record."""
    return f"{PARQUET}/{partition.path}/events.parquet"


def ids_key(partition: Partition) -> str:
    """A partition's id index."""
    return f"{IDS}/{partition.path}/ids"


def quarantine_key(event_type: str, reason: str, day: str, digest: str) -> str:
    """A file of rejected records; `day` is YYYY-MM-DD."""
    return f"{type_prefix(QUARANTINE, event_type)}reason={reason}/date={day}/{digest}.avro"


def moved_key(key: str, layer: str) -> str:
    """The key of an object once it is moved to another layer."""
    return f"{layer}/{key.partition('/')[2]}"


def schema_prefix(event_type: str) -> str:
    """The folder of an event type in the registry."""
    return f"{SCHEMAS}/{event_type}/"


def schema_key(event_type: str, role: str, version: int) -> str:
    """A published version of a schema."""
    return f"{schema_prefix(event_type)}{role}/v{version}.avsc"


def schema_index_key(event_type: str) -> str:
    """The index of an event type's published versions."""
    return f"{schema_prefix(event_type)}index.json"


def confluent_ids_key(event_type: str) -> str:
    """The Confluent ids of an event type's raw versions."""
    return f"{schema_prefix(event_type)}ids.json"


def reference_prefix(name: str) -> str:
    """The folder of a reference."""
    return f"{REFERENCE}/{name}/"


def reference_index_key(name: str) -> str:
    """The index of a reference."""
    return f"{reference_prefix(name)}index.json"


def reference_snapshot_key(name: str, digest: str) -> str:
    """A snapshot of a reference."""
    return f"{reference_prefix(name)}snapshots/{digest}"


def reference_heartbeat_key(name: str) -> str:
    """The heartbeat of a reference."""
    return f"{reference_prefix(name)}heartbeat.json"


def lease_key(database: str) -> str:
    """The lease of a database's dumper."""
    return f"{DATABASES}/{database}/lease.json"


def component_key(event_type: str) -> str:
    """The settings that an event type was last deployed with."""
    return f"{COMPONENTS}/{event_type}.json"
