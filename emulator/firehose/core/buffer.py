"""The buffer of a delivery stream: it holds records until it is full or has waited long enough.

Pure: takes `now`, returns sealed chunks. One buffer per delivery stream; every shard of a source feeds the same one.
Source: https://docs.aws.amazon.com/firehose/latest/dev/buffering-hints.html
"""

from dataclasses import dataclass, field

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Origin:
    """The place of a record in a Kinesis stream; `subsequence` counts within a KPL aggregate."""

    shard: str
    sequence: str
    partition_key: str
    subsequence: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as it arrived: its bytes, and when (seconds since the epoch, emulator time)."""

    data: bytes
    arrival: float
    origin: Origin | None = None


@dataclass(frozen=True)
class Hints:
    """The limits of a buffer: it is sealed after so many bytes, or so many seconds after its first record."""

    size_bytes: int = 5 * MIB
    interval_s: float = 300.0


@dataclass(frozen=True)
class Chunk:
    """A sealed buffer: what becomes one object. Never empty."""

    number: int
    entries: tuple[Entry, ...]
    size: int

    @property
    def oldest(self) -> float:
        """Arrival of the oldest record: the instant that the object's key is made from."""
        return min(entry.arrival for entry in self.entries)


@dataclass
class Buffer:
    """A buffer that collects records and seals them into chunks by the hints; not thread-safe."""

    hints: Hints
    _entries: list[Entry] = field(default_factory=list)
    _size: int = 0
    _opened_at: float = 0.0
    _sealed: int = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """Bytes held."""
        return self._size

    @property
    def oldest(self) -> float | None:
        """Arrival of the oldest record held; None while there is none."""
        return min((entry.arrival for entry in self._entries), default=None)

    @property
    def due_at(self) -> float | None:
        """The end of the interval, in the time given to `add`; None while the buffer is empty."""
        return self._opened_at + self.hints.interval_s if self._entries else None

    def add(self, entry: Entry, now: float) -> Chunk | None:
        """Take one record; return the sealed chunk that it completed by size, if any."""
        if not self._entries:
            self._opened_at = now
        self._entries.append(entry)
        self._size += len(entry.data)
        return self.seal() if self._size >= self.hints.size_bytes else None

    def seal_if_due(self, now: float) -> Chunk | None:
        """Return the chunk whose interval is over, if any."""
        due_at = self.due_at
        return self.seal() if due_at is not None and now >= due_at else None

    def seal(self) -> Chunk | None:
        """Return everything held as a chunk and start afresh; None when empty."""
        if not self._entries:
            return None
        self._sealed += 1
        chunk = Chunk(self._sealed, tuple(self._entries), self._size)
        self._entries = []
        self._size = 0
        return chunk
