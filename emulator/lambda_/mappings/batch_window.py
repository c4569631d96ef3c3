"""Records or messages that wait for a function, cut into batches when one is full or its batching window closes. Pure.

A batch becomes one JSON event, `{"Records": […]}`, whose size is limited as the number of its entries is.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

PAYLOAD_BYTES = 6 * 1024 * 1024
"""The largest event of a synchronous invocation."""

ENVELOPE_BYTES = len('{"Records":[]}')
SEPARATOR = ","


class Entry(Protocol):
    """Something to be delivered; `json` is its part of the event, in ASCII."""

    @property
    def json(self) -> str: ...


@dataclass(frozen=True)
class BatchLimits:
    """When a batch is full, or old enough to be sent as it is: entries, seconds, bytes of JSON."""

    records: int = 100
    window_s: float = 0.0
    payload_bytes: int = PAYLOAD_BYTES


def event_json(batch: Iterable[Entry]) -> str:
    """The whole event; all of it is ASCII, so its length is its size in bytes."""
    return '{"Records":[' + SEPARATOR.join([entry.json for entry in batch]) + "]}"


class BatchWindow[E: Entry]:
    """First in, first out; the batching window opens with the first entry. The caller tells the time."""

    def __init__(self, limits: BatchLimits) -> None:
        self._limits = limits
        self._waiting: deque[E] = deque()
        self._closes = 0.0
        self.waiting_bytes = 0
        """Size of the entries that wait, as JSON, with what separates them."""

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def room(self) -> int:
        """The number of entries that a batch lacks to be full."""
        if ENVELOPE_BYTES + self.waiting_bytes >= self._limits.payload_bytes:
            return 0
        return max(0, self._limits.records - len(self._waiting))

    @property
    def closes_at(self) -> float | None:
        """When the window closes, in seconds since the epoch; None when nothing waits."""
        return self._closes if self._waiting else None

    def put(self, entries: Sequence[E], now: float) -> None:
        """Add entries behind those that wait."""
        if entries and not self._waiting:
            self._closes = now + self._limits.window_s
        self._waiting.extend(entries)
        self.waiting_bytes += sum(len(entry.json) + len(SEPARATOR) for entry in entries)

    def flush(self) -> bool:
        """Close the batching window now, for all that waits; True when that changes anything."""
        changed = bool(self._waiting) and self._closes > 0.0
        self._closes = 0.0
        return changed

    def reopen(self, now: float) -> None:
        """Give what waits a window of its own, unless it was flushed."""
        if self._closes > 0.0:
            self._closes = now + self._limits.window_s

    def cut(self, now: float) -> tuple[E, ...]:
        """Take a batch, if one is full or old enough: never more than the limits, but at least one entry."""
        if not self._waiting or (now < self._closes and self.room):
            return ()
        batch: list[E] = []
        size = ENVELOPE_BYTES
        while self._waiting and len(batch) < self._limits.records:
            more = len(self._waiting[0].json) + len(SEPARATOR)
            if batch and size + more > self._limits.payload_bytes:
                break
            size += more
            batch.append(self._waiting.popleft())
        self.waiting_bytes -= size - ENVELOPE_BYTES
        return tuple(batch)
