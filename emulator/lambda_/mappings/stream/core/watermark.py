"""How far a shard is done: the last record before which every record is finished.

With one lane that is simply the last finished record. With several, a fast lane runs ahead; what it finished
behind a record that is not done is remembered, so that a restart does not deliver it again.
"""

from collections import deque
from collections.abc import Sequence

DONE = -1
"""The lane of a record that needs no delivery: filtered out, or finished in an earlier run."""


class Ledger:
    """Records in stream order, each with its lane; lanes finish theirs in order."""

    def __init__(self, lanes: int) -> None:
        # The records from the first that is not done on, and beside each its lane.
        self._sequences: deque[str] = deque()
        self._lanes: deque[int] = deque()
        # Of each lane: how many records before that point there are, and how many are finished.
        self._passed = [0] * lanes
        self._finished = [0] * lanes
        self._given = 0
        self._checkpoint: str | None = None

    @property
    def checkpoint(self) -> str | None:
        """Sequence number of the last record before which (and with which) all is done; None before the first."""
        return self._checkpoint

    @property
    def outstanding(self) -> int:
        """How many records were given to lanes and are not finished."""
        return self._given - sum(self._finished)

    def give(self, sequences: Sequence[str], lanes: Sequence[int]) -> None:
        """Note the next records of the shard and who gets them; a lane may be DONE."""
        self._sequences.extend(sequences)
        self._lanes.extend(lanes)
        self._given += len(lanes) - lanes.count(DONE)
        self._pass()

    def finish(self, lane: int, records: int) -> None:
        """Note that a lane has finished its next `records` records."""
        self._finished[lane] += records
        self._pass()

    def ahead(self) -> frozenset[str]:
        """Sequence numbers of the records that are done behind one that is not."""
        done: list[str] = []
        left = [finished - passed for finished, passed in zip(self._finished, self._passed, strict=True)]
        for sequence, lane in zip(self._sequences, self._lanes, strict=True):
            if lane != DONE:
                left[lane] -= 1
            if lane == DONE or left[lane] >= 0:
                done.append(sequence)
        return frozenset(done)

    def _pass(self) -> None:
        """Move the checkpoint over everything that is done."""
        while self._lanes:
            lane = self._lanes[0]
            if lane != DONE:
                if self._passed[lane] >= self._finished[lane]:
                    return
                self._passed[lane] += 1
            self._lanes.popleft()
            self._checkpoint = self._sequences.popleft()
