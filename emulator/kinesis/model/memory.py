"""Keeps the records of all streams within a cap, by trimming the oldest: never an out-of-memory kill."""

import logging
import threading
from collections.abc import Callable, Iterable

from wavetank.emulator.kinesis.model.log import OVERHEAD, SEGMENT
from wavetank.emulator.kinesis.model.stream import Stream

LOG = logging.getLogger(__name__)
CHECKS_PER_CAP = 64
"""How often memory is counted while it grows by one cap: what may go over the cap is a 64th of it."""


class MemoryCap:
    """Told of every write; counts from time to time, and trims."""

    def __init__(
        self,
        max_bytes: Callable[[], int],
        streams: Callable[[], Iterable[Stream]],
        trimmed: Callable[[Stream, int, int], None],
    ) -> None:
        self._max_bytes = max_bytes
        self._streams = streams
        self._trimmed = trimmed
        self._lock = threading.Lock()
        self._grown = 0

    def grew(self, records: int, size: int) -> None:
        """So many records of `size` bytes in all were kept; the caller holds no stream's lock."""
        with self._lock:
            self._grown += size + records * OVERHEAD
            if self._grown * CHECKS_PER_CAP < self._max_bytes():
                return
            self._grown = 0
            self._trim_to(self._max_bytes())

    def _trim_to(self, cap: int) -> None:
        excess = sum(_retained_bytes(stream) for stream in self._streams()) - cap
        lost: dict[Stream, tuple[int, int]] = {}
        while excess > 0 and (victim := self._oldest()) is not None:
            with victim.lock:
                records, size = victim.trim_oldest(SEGMENT)
            excess -= size
            before = lost.get(victim, (0, 0))
            lost[victim] = (before[0] + records, before[1] + size)
        for stream, (records, size) in lost.items():
            LOG.warning(
                "Kinesis holds more than its cap of %d bytes: trimmed the %d oldest records (%d bytes) of stream %s "
                "before their retention was over. Raise WAVETANK_KINESIS_MAX_BYTES to keep more.",
                cap, records, size, stream.identity.arn,
            )  # fmt: skip
            self._trimmed(stream, records, size)

    def _oldest(self) -> Stream | None:
        aged = [(oldest, stream) for stream in self._streams() if (oldest := _oldest_ms(stream)) is not None]
        return min(aged, key=lambda pair: pair[0], default=(0, None))[1]


def _retained_bytes(stream: Stream) -> int:
    with stream.lock:
        return stream.retained_bytes


def _oldest_ms(stream: Stream) -> int | None:
    with stream.lock:
        return stream.oldest_ms()
