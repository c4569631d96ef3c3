"""The values of a trace: places where an event was seen, the lines of functions that handled it, hops and fates. Pure.

Times are UTC: those of streams by the clock of the stack, those of objects by S3's, in whole seconds.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from wavetank.scenarios.observability.log_lines import LogLine

_NAMED = re.compile(r"-(\d{4}-\d{2}-\d{2}-\d{2}-\d{2}-\d{2})-[0-9a-f-]{36}")


class Hop(StrEnum):
    """A place where an event is, or a function that moves it on, in the order of the flow."""

    RAW = "raw stream"
    PROCESSOR = "processor"
    DROPPED = "dropped"
    PROCESSED = "processed stream"
    CHUNK = "chunk"
    PARTITIONER = "partitioner"
    PART = "part"
    LATE = "late part"
    CONCATENATOR = "concatenator"
    MERGED = "merged"
    QUARANTINE = "quarantine"


class Fate(StrEnum):
    """What became of an event.

    LOST: it was seen where the next function has passed, and nowhere behind. UNSEEN: it was seen nowhere in the time
    that was looked at.
    """

    LANDED = "landed"
    QUARANTINED = "quarantined"
    DROPPED = "dropped"
    LATE = "late"
    UNDER_WAY = "under way"
    LOST = "lost"
    UNSEEN = "not seen"


@dataclass(frozen=True, slots=True)
class OnStream:
    """A record on a stream. sequence: its number, with `.n` behind it for the n-th of an aggregate.

    is_whole: whether it decodes, and is not only bytes that name the id. enriched_as_of: since when the reference data
    that a processed one was enriched with were in effect, in microseconds since the epoch; None where it says nothing.
    """

    stream: str
    shard: str
    sequence: str
    arrived: datetime
    time_us: int | None = None
    is_whole: bool = True
    enriched_as_of: int | None = None

    @property
    def number(self) -> int:
        """The number of the record in its shard."""
        return int(self.sequence.partition(".")[0])


@dataclass(frozen=True, slots=True)
class InChunk:
    """An event in a chunk. is_done: whether the chunk has the tag of one that was partitioned."""

    key: str
    offset: int
    written: datetime
    is_done: bool
    time_us: int | None = None


@dataclass(frozen=True, slots=True)
class InFile:
    """An event in a part, a late part or a merged file: the number of its record there, from 0.

    content: a text that is the same for equal records. chunk: of a part, the key of the chunk it was made of, where
    that is still there. enriched_as_of: as that of a record on a stream.
    """

    key: str
    partition: str
    record: int
    written: datetime
    time_us: int
    content: str
    chunk: str = ""
    enriched_as_of: int | None = None


@dataclass(frozen=True, slots=True)
class Indexed:
    """A partition whose id index has the event, or that left something out: the parts that were merged with it.

    has_event: whether the event is in what was merged. left_out: key of a part → the numbers of records that could not
    be merged; empty for all of it.
    """

    partition: str
    inputs: frozenset[str]
    written: datetime
    left_out: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    has_event: bool = True


@dataclass(frozen=True, slots=True)
class InQuarantine:
    """A record that was set aside: its document, why, and where it came from (stream or object, and position)."""

    key: str
    reason: str
    message: str
    stage: str
    source: str
    position: str
    arrived: datetime
    is_redriven: bool = False


@dataclass(frozen=True)
class Evidence:
    """All that was found of one event; `lines` are those of functions about their work, in the order of time.

    partitions_before: of a partition, the paths of those in reach before it. looked: what was looked through, in words.
    """

    event_type: str
    event_id: str
    since: datetime
    raw: tuple[OnStream, ...] = ()
    processed: tuple[OnStream, ...] = ()
    chunks: tuple[InChunk, ...] = ()
    parts: tuple[InFile, ...] = ()
    late: tuple[InFile, ...] = ()
    merged: tuple[InFile, ...] = ()
    indexed: tuple[Indexed, ...] = ()
    quarantine: tuple[InQuarantine, ...] = ()
    lines: tuple[LogLine, ...] = ()
    partitions_before: Mapping[str, frozenset[str]] = field(default_factory=dict)
    looked: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it was seen nowhere."""
        return not self.times

    @property
    def times(self) -> list[datetime]:
        """The times at which it was seen."""
        on_streams = [record.arrived for record in (*self.raw, *self.processed)]
        written = [file.written for file in (*self.parts, *self.late, *self.merged)]
        set_aside = [record.arrived for record in self.quarantine]
        return [*on_streams, *(chunk.written for chunk in self.chunks), *written, *set_aside]


@dataclass(frozen=True, slots=True)
class Step:
    """A place on the way of an event. at: None where it is not known. request: of the function's invocation.

    enriched_as_of: since when the reference data were in effect that the event there has been enriched with.
    """

    hop: Hop
    place: str
    at: datetime | None = None
    position: str = ""
    note: str = ""
    request: str = ""
    enriched_as_of: int | None = None


@dataclass(frozen=True)
class Trace:
    """The way of one event: its steps in the order of the flow, its fate and why, and what to do about that.

    untold: what cannot be told of its way, and why.
    """

    event_type: str
    event_id: str
    fate: Fate
    reason: str
    steps: tuple[Step, ...]
    remedy: str = ""
    untold: tuple[str, ...] = ()
    looked: tuple[str, ...] = ()

    @property
    def requests(self) -> frozenset[str]:
        """The requests of the invocations that handled it."""
        return frozenset(step.request for step in self.steps if step.request)

    def document(self) -> dict[str, Any]:
        """The trace as JSON has it."""
        steps = [asdict(step) | {"hop": str(step.hop), "at": _iso(step.at)} for step in self.steps]
        return asdict(self) | {"fate": str(self.fate), "steps": steps}


def begun_at(chunk: str) -> datetime | None:
    """The time at which the oldest record of a chunk arrived, by the chunk's key (Amazon Data Firehose Developer Guide,
    "Configure Amazon S3 object name format"); None where that has none.
    """
    named = _NAMED.search(chunk)
    return None if named is None else datetime.strptime(named[1], "%Y-%m-%d-%H-%M-%S").replace(tzinfo=UTC)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if at is not None else None
