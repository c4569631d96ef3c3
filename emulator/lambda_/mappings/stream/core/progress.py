"""A shard of a mapping: the records that were read, the lanes that work on them, and how far all of it is done.

With one lane a shard is done as far as the last finished record. With several, a fast lane runs ahead; what it finished
behind a record that is not done is remembered, so that a restart does not deliver it again.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from zlib import crc32

from wavetank.emulator.lambda_.mappings.checkpoints import Position, after_record
from wavetank.emulator.lambda_.mappings.stream.core.event import Record
from wavetank.emulator.lambda_.mappings.stream.core.lane import Lane
from wavetank.emulator.lambda_.mappings.stream.core.retry import Step
from wavetank.emulator.lambda_.mappings.stream.core.settings import MappingSettings

READ_AHEAD_BYTES = 12 * 1024 * 1024
"""No more is read while so much waits; with the batch under way and one read on top, the most a lane holds."""

DONE = -1
"""The lane of a record that needs no delivery: filtered out, or finished in an earlier run."""


class Watermark:
    """The last record before which every record is finished. Lanes get records in stream order and finish in order."""

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
        """The number of records that were given to lanes and are not finished."""
        return self._given - sum(self._finished)

    def give(self, sequences: Sequence[str], lanes: Sequence[int]) -> None:
        """Note the next records of the shard and who gets them; a lane may be DONE."""
        self._sequences.extend(sequences)
        self._lanes.extend(lanes)
        self._given += len(lanes) - lanes.count(DONE)
        self._rise()

    def finish(self, lane: int, records: int) -> None:
        """Note that a lane has finished its next `records` records."""
        self._finished[lane] += records
        self._rise()

    def ahead(self) -> frozenset[str]:
        """Sequence numbers of the records that are done behind one that is not."""
        done: list[str] = []
        to_pass = [finished - passed for finished, passed in zip(self._finished, self._passed, strict=True)]
        for sequence, lane in zip(self._sequences, self._lanes, strict=True):
            if lane != DONE:
                to_pass[lane] -= 1
            if lane == DONE or to_pass[lane] >= 0:
                done.append(sequence)
        return frozenset(done)

    def _rise(self) -> None:
        """Move the checkpoint over everything that is done."""
        while self._lanes:
            lane = self._lanes[0]
            if lane != DONE:
                if self._passed[lane] >= self._finished[lane]:
                    return
                self._passed[lane] += 1
            self._lanes.popleft()
            self._checkpoint = self._sequences.popleft()


class Progress:
    """The lanes of a shard and their watermark; not thread-safe, and the time comes from the caller."""

    def __init__(self, settings: MappingSettings, start: Position) -> None:
        self.lanes = tuple(Lane(settings.limits, settings.retry) for _ in range(settings.lanes))
        self._watermark = Watermark(settings.lanes)
        self._read_ahead = settings.limits.records * settings.lanes
        self._start = start
        self._ahead = set(start.ahead)

    @property
    def outstanding(self) -> int:
        """The number of records that wait for the function or are with it."""
        return self._watermark.outstanding

    @property
    def has_room(self) -> bool:
        """Whether more may be read: less than one round of full batches waits."""
        waiting_bytes = sum(lane.window.waiting_bytes for lane in self.lanes)
        return self._watermark.outstanding < 2 * self._read_ahead and waiting_bytes < READ_AHEAD_BYTES

    def accept(self, records: Sequence[Record], keys: Sequence[str], passes: Sequence[bool] | None, now: float) -> None:
        """Share out what was read, in the order in which it was read; what does not pass the filters is done at once.

        Records of one partition key share a lane.
        """
        sequences, count = [record.sequence for record in records], len(self.lanes)
        lanes = [0] * len(keys) if count == 1 else [crc32(key.encode()) % count for key in keys]
        if passes is not None or self._ahead:
            lanes = [
                lane if (passes is None or passes[i]) and sequences[i] not in self._ahead else DONE
                for i, lane in enumerate(lanes)
            ]
            self._ahead.difference_update(sequences)
        self._watermark.give(sequences, lanes)
        for number, lane in enumerate(self.lanes):
            lane.window.put([record for record, of in zip(records, lanes, strict=True) if of == number], now)

    def apply(self, lane: int, step: Step) -> None:
        """Take a lane's step; from here on its finished records will not be delivered again."""
        self.lanes[lane].apply(step)
        self._watermark.finish(lane, step.finished)

    def stands_at(self, place: Position) -> None:
        """Note a place that is as good a start as the first one, while no record has been read yet."""
        if self._watermark.checkpoint is None and self._watermark.outstanding == 0:
            self._start = place

    def checkpoint(self) -> Position:
        """The place where a later run goes on: behind the last record before which all is done."""
        ahead = self._watermark.ahead() | self._ahead
        sequence = self._watermark.checkpoint
        return replace(self._start, ahead=ahead) if sequence is None else after_record(sequence, ahead)
