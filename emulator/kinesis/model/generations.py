"""The generations of a stream's name: what tells a stream from an earlier one, or from an older state of itself."""

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wavetank.emulator.kinesis.model.stream import Stream


class MonotonicCounter:
    """A source of whole numbers that only grow, whatever the clock says; any thread may call it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self, at_least: int) -> int:
        """A number greater than every one before, and not less than `at_least`."""
        with self._lock:
            self._last = max(at_least, self._last + 1)
            return self._last

    def rise_to(self, number: int) -> None:
        """Give only greater numbers from now on, because this one is in use."""
        with self._lock:
            self._last = max(self._last, number)


class DeletedStreams:
    """The streams that were deleted or replaced in this process, and how far each had got; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reached: dict[tuple[str, int], tuple[int, dict[int, int]]] = {}

    def note(self, stream: "Stream") -> None:
        """Note how far a stream had got that is deleted or replaced now."""
        with self._lock:
            self._reached[_identity(stream)] = _reach(stream)

    def is_continued_by(self, stream: "Stream") -> bool:
        """Whether an imported stream goes on where its deleted predecessor ended, or has none.

        A stream in an older state would give new records the sequence numbers of others that readers have seen
        already, and the readers would pass over the new ones.
        """
        with self._lock:
            reached = self._reached.get(_identity(stream))
        if reached is None:
            return True
        (opened, tails), (opened_now, tails_now) = reached, _reach(stream)
        return opened == opened_now and all(tails[shard] == tails_now[shard] for shard in tails.keys() & tails_now)


def _identity(stream: "Stream") -> tuple[str, int]:
    return stream.identity.arn, stream.identity.created_ms


def _reach(stream: "Stream") -> tuple[int, dict[int, int]]:
    with stream.lock:
        return stream.shards.opened, {shard.number: shard.log.tail for shard in stream.shards}
