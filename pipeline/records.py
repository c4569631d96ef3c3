"""The values that flow through the pipeline: events, and records that could not become one."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

MAX_KEY_CHARACTERS = 256
"""The longest partition key (Kinesis API reference, "PutRecords")."""

Fields = Mapping[str, Any]
"""A decoded Avro record: field name → value, logical types left as what is on the wire (times are integers)."""


class Reason(StrEnum):
    """The reason for which a record was rejected; the value names its folder in quarantine."""

    BAD_FRAME = "bad-frame"
    TRAILING_BYTES = "trailing-bytes"
    OVERSIZE = "oversize"
    UNKNOWN_SCHEMA = "unknown-schema"
    UNDECODABLE = "undecodable"
    MISSING_ID = "missing-id"
    INVALID_TIME = "invalid-time"
    FUTURE_TIME = "future-time"
    ENRICHMENT_FAILED = "enrichment-failed"
    ENRICHMENT_RAISED = "enrichment-raised"
    INVALID = "invalid"
    DOES_NOT_FIT = "does-not-fit"
    UNMERGEABLE = "unmergeable"
    DAMAGED_PART = "damaged-part"
    GIVEN_UP = "given-up"


class Stage(StrEnum):
    """The stage that rejected a record; SOURCE: the event source gave it up, no function could say why."""

    SOURCE = "source"
    PROCESS = "process"
    PARTITION = "partition"
    MERGE = "merge"


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of bytes: a stream and sequence number, or a chunk and offset."""

    source: str
    position: str
    partition_key: str
    arrived_us: int
    """Microseconds since the epoch at which the stream or the bucket took it."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """The rule that bytes break: a reason for machines, a sentence for people, and the id where it could be read."""

    reason: Reason
    message: str
    event_id: str = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """An event that its event type's own code dropped on purpose, and the reason that it gave, if any."""

    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that cannot go on, with its original bytes: nothing of it is lost."""

    rejection: Rejection
    stage: Stage
    payload: bytes
    origin: Origin


@dataclass(frozen=True, slots=True)
class Entry:
    """A record to put, and the key that chooses its shard."""

    key: str
    data: bytes

    @property
    def partition_key(self) -> str:
        """The key as Kinesis takes it: at most 256 characters."""
        return self.key[:MAX_KEY_CHARACTERS]

    @property
    def size(self) -> int:
        """The bytes that Kinesis counts of it, for a record and for a call: data and partition key."""
        return len(self.data) + len(self.partition_key.encode())


class Event(NamedTuple):
    """A decoded event with what the pipeline needs to know of it."""

    id: str
    time_us: int
    fields: Fields
