"""One shard of a mapping: what was read, who works on it, and how far all of it is done."""

from collections.abc import Sequence
from dataclasses import replace
from zlib import crc32

from wavetank.emulator.lambda_.mappings.stream.core.event import Record
from wavetank.emulator.lambda_.mappings.stream.core.lane import Lane, Task
from wavetank.emulator.lambda_.mappings.stream.core.position import Position, after_record
from wavetank.emulator.lambda_.mappings.stream.core.response import Outcome
from wavetank.emulator.lambda_.mappings.stream.core.retry import Step
from wavetank.emulator.lambda_.mappings.stream.core.settings import MappingSettings
from wavetank.emulator.lambda_.mappings.stream.core.watermark import DONE, Ledger

READ_AHEAD_BYTES = 12 * 1024 * 1024
"""No more is read while so much waits; with the batch under way and one read on top, the most a lane holds."""


class Progress:
    """The lanes of a shard and their ledger; not thread-safe, and the time comes from the caller."""

    def __init__(self, settings: MappingSettings, start: Position) -> None:
        self.lanes = tuple(Lane(settings.limits, settings.retry) for _ in range(settings.lanes))
        self._ledger = Ledger(settings.lanes)
        self._read_ahead = settings.limits.records * settings.lanes
        self._start = start
        self._ahead = set(start.ahead)

    @property
    def outstanding(self) -> int:
        """How many records wait for the function or are with it."""
        return self._ledger.outstanding

    @property
    def has_room(self) -> bool:
        """Whether more may be read: less than one round of full batches waits."""
        waiting_bytes = sum(lane.waiting_bytes for lane in self.lanes)
        return self._ledger.outstanding < 2 * self._read_ahead and waiting_bytes < READ_AHEAD_BYTES

    def accept(self, records: Sequence[Record], keys: Sequence[str], wanted: Sequence[bool] | None, now: float) -> None:
        """Share out what was read, in the order in which it was read; what is not wanted is done at once."""
        sequences = [record.sequence for record in records]
        lanes = self._lanes_of(keys)
        if wanted is not None or self._ahead:
            lanes = [
                lane if (wanted is None or wanted[i]) and sequences[i] not in self._ahead else DONE
                for i, lane in enumerate(lanes)
            ]
            self._ahead.difference_update(sequences)
        self._ledger.give(sequences, lanes)
        for number, lane in enumerate(self.lanes):
            lane.put([record for record, of in zip(records, lanes, strict=True) if of == number], now)

    def _lanes_of(self, keys: Sequence[str]) -> list[int]:
        """Records of one partition key share a lane."""
        count = len(self.lanes)
        return [0] * len(keys) if count == 1 else [crc32(key.encode()) % count for key in keys]

    def next(self, lane: int, now: float, retention_s: float) -> Task:
        """What a lane is to do now."""
        return self.lanes[lane].next(now, retention_s)

    def decide(self, lane: int, outcome: Outcome, now: float) -> Step:
        """What the outcome of a lane's batch leads to; nothing changes yet."""
        return self.lanes[lane].decide(outcome, now)

    def apply(self, lane: int, step: Step) -> None:
        """Take the step; from here on its finished records will not be delivered again."""
        self.lanes[lane].apply(step)
        self._ledger.finish(lane, step.finished)

    def stands_at(self, place: Position) -> None:
        """Note a place that is as good a start as the first one, while no record has been read yet."""
        if self._ledger.checkpoint is None and self._ledger.outstanding == 0:
            self._start = place

    def checkpoint(self) -> Position:
        """Where a later run goes on: behind the last record before which all is done."""
        ahead = self._ledger.ahead() | self._ahead
        sequence = self._ledger.checkpoint
        return replace(self._start, ahead=ahead) if sequence is None else after_record(sequence, ahead)
