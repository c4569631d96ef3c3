"""The throughput limits of a shard, counted over any second (Developer Guide, "Quotas and limits").

In: 1,000 records and 1 MiB. Out, shared by all GetRecords callers: 5 reads and 2 MiB; a read of more than 2 MiB
is paid for by the seconds that follow it (10 MiB by the next five).
"""

from collections import deque
from dataclasses import dataclass, field

WINDOW_MS = 1_000
RECORDS_IN = 1_000
BYTES_IN = 1024 * 1024
READS_OUT = 5
BYTES_OUT = 2 * 1024 * 1024


@dataclass(slots=True)
class Window:
    """Counts and bytes of the last second, against AWS's limits or a share of them."""

    most: int
    most_bytes: int
    _events: deque[tuple[int, int]] = field(default_factory=deque)
    _bytes: int = 0

    def has_room(self, size: int, now_ms: int, share: float = 1.0) -> bool:
        """Whether another record of `size` bytes fits; one that is over the limit by itself fits an empty second."""
        while self._events and self._events[0][0] <= now_ms - WINDOW_MS:
            self._bytes -= self._events.popleft()[1]
        if not self._events:
            return True
        return len(self._events) < self.most * share and self._bytes + size <= self.most_bytes * share

    def add(self, size: int, now_ms: int) -> None:
        """Count a record, or a read, of `size` bytes."""
        self._events.append((now_ms, size))
        self._bytes += size


class ShardThroughput:
    """The records and bytes that a shard took in and gave out within the last second."""

    __slots__ = ("_blocked_until_ms", "_reads", "_writes")

    def __init__(self) -> None:
        self._writes = Window(RECORDS_IN, BYTES_IN)
        self._reads = Window(READS_OUT, BYTES_OUT)
        self._blocked_until_ms = 0

    def admit_write(self, size: int, now_ms: int, share: float = 1.0) -> bool:
        """Whether a record of `size` bytes may be written now; counts it when it may. share: of AWS's limits."""
        if not self._writes.has_room(size, now_ms, share):
            return False
        self._writes.add(size, now_ms)
        return True

    def admit_read(self, now_ms: int) -> bool:
        """Whether GetRecords may be called now."""
        return now_ms >= self._blocked_until_ms and self._reads.has_room(1, now_ms)

    def count_read(self, size: int, now_ms: int, share: float = 1.0) -> None:
        """Count a read that returned `size` bytes; where that is more than a second's, later seconds pay for it."""
        self._reads.add(size, now_ms)
        if size > BYTES_OUT * share:
            self._blocked_until_ms = now_ms + int(WINDOW_MS * size / (BYTES_OUT * share))
