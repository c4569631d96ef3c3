"""The records of one shard, kept compactly and found by position.

Records live in fixed segments, so that a position is two array look-ups at any depth, and trimming from the
front frees memory without moving what stays.
"""

from array import array
from bisect import bisect_left
from typing import NamedTuple

SEGMENT = 512
OVERHEAD = 160
"""Estimated bytes that a retained record costs beyond its data and key: two object headers, two references, a time."""


def key_bytes(key: str) -> int:
    """The bytes of a partition key in UTF-8, as AWS counts it. Raises UnicodeEncodeError for half a surrogate."""
    return len(key) if key.isascii() else len(key.encode())


class Stored(NamedTuple):
    """A record as read: its place in the shard, arrival in milliseconds since the epoch, key and data."""

    offset: int
    arrived_ms: int
    key: str
    data: bytes


class _Segment:
    __slots__ = ("data", "keys", "times")

    def __init__(self) -> None:
        self.data: list[bytes] = []
        self.keys: list[str] = []
        self.times: array[int] = array("q")


class RecordLog:
    """An append-only list of records whose front can be cut off.

    Indexes count from 1 for ever; `head` is the first index still retained, `tail` the one the next record gets.
    """

    __slots__ = ("_first_slot", "_newest_ms", "_segments", "head", "retained_bytes", "tail")

    def __init__(self, head: int = 1) -> None:
        self._segments: list[_Segment] = []
        self._first_slot = head
        self._newest_ms = 0
        self.head = head
        self.tail = head
        self.retained_bytes = 0

    def __len__(self) -> int:
        return self.tail - self.head

    def append(self, arrived_ms: int, key: str, data: bytes) -> int:
        """Add a record and return its index; arrivals never go back, a smaller time is raised to the last one."""
        index = self.tail
        self._newest_ms = max(arrived_ms, self._newest_ms)
        if index - self._first_slot == len(self._segments) * SEGMENT:
            self._segments.append(_Segment())
        last = self._segments[-1]
        last.data.append(data)
        last.keys.append(key)
        last.times.append(self._newest_ms)
        self.tail = index + 1
        self.retained_bytes += len(data) + key_bytes(key) + OVERHEAD
        return index

    def arrived_ms(self, index: int) -> int:
        """The arrival of the record at a retained `index`."""
        segment, slot = divmod(index - self._first_slot, SEGMENT)
        return self._segments[segment].times[slot]

    def oldest_ms(self) -> int | None:
        """The arrival of the oldest retained record; None when there is none."""
        return self.arrived_ms(self.head) if self.tail > self.head else None

    def read(self, start: int, limit: int, max_bytes: int) -> list[Stored]:
        """At most `limit` records from index `start` and at most `max_bytes`, but always the first."""
        records: list[Stored] = []
        budget = max_bytes
        index = max(start, self.head)
        segment, slot = divmod(index - self._first_slot, SEGMENT)
        for part in self._segments[segment:]:
            for arrived, key, data in zip(part.times[slot:], part.keys[slot:], part.data[slot:], strict=True):
                budget -= len(data) + key_bytes(key)
                if len(records) >= limit or (budget < 0 and records):
                    return records
                records.append(Stored(index, arrived, key, data))
                index += 1
            slot = 0
        return records

    def first_at_or_after(self, time_ms: int) -> int:
        """The index of the first retained record that arrived at or after `time_ms`; `tail` when none did."""
        return bisect_left(range(self.tail), time_ms, lo=self.head, key=self.arrived_ms)

    def trim_before(self, time_ms: int) -> int:
        """Drop what arrived before `time_ms`; returns how many records went."""
        oldest = self.oldest_ms()
        if oldest is None or oldest >= time_ms:
            return 0
        return self.trim(self.first_at_or_after(time_ms) - self.head)

    def trim(self, count: int) -> int:
        """Drop the `count` oldest records and free their memory; returns how many went."""
        count = min(count, len(self))
        for _ in range(count):
            segment, slot = divmod(self.head - self._first_slot, SEGMENT)
            part = self._segments[segment]
            self.retained_bytes -= len(part.data[slot]) + key_bytes(part.keys[slot]) + OVERHEAD
            part.data[slot] = b""
            part.keys[slot] = ""
            self.head += 1
        gone = (self.head - self._first_slot) // SEGMENT
        del self._segments[:gone]
        self._first_slot += gone * SEGMENT
        return count
