"""How far a mapping is in each shard of its stream, across disabling, enabling and updating. Pure.

A place in a shard is kept in words that survive a stop, never as an iterator alone, since iterators expire.
"""

import threading
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from enum import StrEnum

from wavetank.emulator.lambda_.mappings.stream.core.settings import Start


class IteratorType(StrEnum):
    """The iterator types of GetShardIterator that a mapping uses."""

    TRIM_HORIZON = "TRIM_HORIZON"
    LATEST = "LATEST"
    AT_TIMESTAMP = "AT_TIMESTAMP"
    AFTER_SEQUENCE_NUMBER = "AFTER_SEQUENCE_NUMBER"


@dataclass(frozen=True)
class Position:
    """A place in a shard.

    `timestamp` (seconds since the epoch) belongs to AT_TIMESTAMP; for LATEST it is when the tip was looked for.
    `iterator` is an iterator that stood there and may have expired. `ahead` are records behind this place that
    are finished.
    """

    kind: IteratorType
    sequence: str = ""
    timestamp: float = 0.0
    iterator: str = field(default="", compare=False)
    ahead: frozenset[str] = frozenset()

    def lasting(self) -> "Position":
        """The same place without its iterator: the tip of a past time is that time."""
        if self.kind is IteratorType.LATEST and self.timestamp:
            return Position(IteratorType.AT_TIMESTAMP, timestamp=self.timestamp, ahead=self.ahead)
        return Position(self.kind, self.sequence, self.timestamp, ahead=self.ahead)


OLDEST = Position(IteratorType.TRIM_HORIZON)


def after_record(sequence: str, ahead: frozenset[str] = frozenset()) -> Position:
    """The place right behind a record."""
    return Position(IteratorType.AFTER_SEQUENCE_NUMBER, sequence=sequence, ahead=ahead)


def first_position(start: Start, timestamp: float | None) -> Position:
    """The start of a mapping in a shard that was there before it; LATEST still has to be looked for."""
    match start:
        case Start.TRIM_HORIZON:
            return OLDEST
        case Start.AT_TIMESTAMP:
            return Position(IteratorType.AT_TIMESTAMP, timestamp=timestamp or 0.0)
        case Start.LATEST:
            return Position(IteratorType.LATEST)


@dataclass(frozen=True)
class Shard:
    """A shard as ListShards tells it; parents that have expired from the stream may still be named."""

    shard_id: str
    parents: tuple[str, ...] = ()
    is_open: bool = True


def readable(shards: Iterable[Shard], finished: Set[str]) -> list[str]:
    """Ids of the shards that are not finished and whose parents are finished or no longer there.

    Source: Kinesis developer guide, "Resharding, Data Routing, and Data Persistence": records of a partition key
    are in a parent before they are in its child, so order by key needs the parent drained first.
    """
    by_id = {shard.shard_id: shard for shard in shards}
    return [
        shard_id
        for shard_id, shard in by_id.items()
        if shard_id not in finished and all(parent in finished or parent not in by_id for parent in shard.parents)
    ]


@dataclass
class MappingCheckpoints:
    """The positions of one mapping, and the lease that only one run of it holds at a time.

    Shards are known by their ids, which mean nothing in another stream of the same name: `created` (seconds since the
    epoch) tells which one it was, None before any was seen.
    """

    created: float | None = None
    positions: dict[str, Position] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)
    started: bool = False
    lease: threading.Lock = field(default_factory=threading.Lock)

    def are_of_another(self, created: float) -> bool:
        """Whether these are the checkpoints of another stream than the one made then."""
        return self.created is not None and self.created != created

    def begin_anew(self) -> None:
        """Forget every place: the stream of before is gone, and the one that took its name is read whole."""
        self.positions.clear()
        self.finished.clear()
        self.started = True

    def forget_expired(self, shard_ids: set[str]) -> None:
        """Drop shards that the stream no longer has."""
        self.finished &= shard_ids
        for gone in self.positions.keys() - shard_ids:
            del self.positions[gone]


class Checkpoints:
    """The checkpoints of each mapping by its UUID; every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_uuid: dict[str, MappingCheckpoints] = {}

    def of(self, uuid: str) -> MappingCheckpoints:
        """The checkpoints of a mapping, empty for a new one."""
        with self._lock:
            return self._by_uuid.setdefault(uuid, MappingCheckpoints())

    def forget(self, uuid: str) -> None:
        """Drop the checkpoints of a deleted mapping; an unknown one is ignored."""
        with self._lock:
            self._by_uuid.pop(uuid, None)


CHECKPOINTS = Checkpoints()
