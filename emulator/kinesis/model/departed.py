"""How far streams had got when they went: what tells whether one that is imported goes on where readers left it."""

import threading

from wavetank.emulator.kinesis.model.stream import Stream


class Departed:
    """Streams that were deleted or replaced in this process; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reached: dict[tuple[str, int], tuple[int, dict[int, int]]] = {}

    def note(self, stream: Stream) -> None:
        """This stream has gone, as it is now."""
        with self._lock:
            self._reached[_identity(stream)] = _reach(stream)

    def is_continued_by(self, stream: Stream) -> bool:
        """Whether no other state of this stream went before.

        An older state would give new records the sequence numbers of others that readers have seen already, and
        the readers would pass over the new ones.
        """
        with self._lock:
            reached = self._reached.get(_identity(stream))
        if reached is None:
            return True
        (opened, tails), (opened_now, tails_now) = reached, _reach(stream)
        return opened == opened_now and all(tails[shard] == tails_now[shard] for shard in tails.keys() & tails_now)


def _identity(stream: Stream) -> tuple[str, int]:
    return stream.identity.arn, stream.identity.created_ms


def _reach(stream: Stream) -> tuple[int, dict[int, int]]:
    with stream.lock:
        return stream.shards.opened, {shard.number: shard.log.tail for shard in stream.shards}
