"""Where to read a shard on, in words that survive a stop: never an iterator alone, since iterators expire."""

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
    """Where a mapping starts in a shard that was there before it; LATEST still has to be looked for."""
    match start:
        case Start.TRIM_HORIZON:
            return OLDEST
        case Start.AT_TIMESTAMP:
            return Position(IteratorType.AT_TIMESTAMP, timestamp=timestamp or 0.0)
        case Start.LATEST:
            return Position(IteratorType.LATEST)
