"""One lane of a shard: its records in order, cut into batches of which one at a time is with the function.

A shard has as many lanes as the mapping's ParallelizationFactor. Records of one partition key share a lane, and a
lane finishes its records in the order in which it got them.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from wavetank.emulator.lambda_.mappings.stream.core.event import ENVELOPE_BYTES, SEPARATOR, Record
from wavetank.emulator.lambda_.mappings.stream.core.response import Outcome
from wavetank.emulator.lambda_.mappings.stream.core.retry import Step, Work, after, expire
from wavetank.emulator.lambda_.mappings.stream.core.settings import BatchLimits, RetryPolicy


@dataclass(frozen=True)
class Invoke:
    """Send this batch to the function now."""

    work: Work


@dataclass(frozen=True)
class GiveUp:
    """These records are too old: report them, then apply the step."""

    step: Step


@dataclass(frozen=True)
class Wait:
    """Nothing to do until then (emulator time), or until more records come (None)."""

    until: float | None


Task = Invoke | GiveUp | Wait


class Lane:
    """Records that wait, and the batch under way; every method takes the time from its caller."""

    def __init__(self, limits: BatchLimits, policy: RetryPolicy) -> None:
        self._limits = limits
        self._policy = policy
        self._waiting: deque[Record] = deque()
        self._waiting_bytes = 0
        self._works: deque[Work] = deque()
        self._window_opened = 0.0
        self._flushed = False

    @property
    def held(self) -> int:
        """How many records wait or are under way."""
        return len(self._waiting) + sum(len(work.records) for work in self._works)

    @property
    def waiting_bytes(self) -> int:
        """Size of the records that wait, as JSON."""
        return self._waiting_bytes

    @property
    def under_way(self) -> Work | None:
        """The batch that is with the function or is to be tried next."""
        return self._works[0] if self._works else None

    def put(self, records: Sequence[Record], now: float) -> None:
        """Add records behind those that wait; the batching window opens with the first."""
        if records and not self._waiting:
            self._window_opened = now
        self._waiting.extend(records)
        self._waiting_bytes += sum(len(record.json) + len(SEPARATOR) for record in records)

    def flush(self) -> bool:
        """Close the batching window now; True when that changes anything."""
        changed = bool(self._waiting) and not self._flushed
        self._flushed = bool(self._waiting)
        return changed

    def hurry(self) -> None:
        """Let the batch under way be tried again at once."""
        if self._works:
            self._works[0] = replace(self._works[0], not_before=0.0)

    def next(self, now: float, retention_s: float) -> Task:
        """What to do now. Records older than the stream's retention are given up once they have been tried."""
        if not self._works:
            if not self._waiting:
                return Wait(None)
            closes = self._window_opened + self._limits.window_s
            if not (self._flushed or self._is_full() or now >= closes):
                return Wait(closes)
            self._works.append(Work(self._cut(now)))
        work = self._works[0]
        step = expire(work, now - self._age_limit(work, retention_s))
        if step is not None:
            return GiveUp(step)
        return Invoke(work) if now >= work.not_before else Wait(self._wake_at(work, retention_s))

    def decide(self, outcome: Outcome, now: float) -> Step:
        """What the outcome of the batch under way leads to."""
        return after(self._works[0], outcome, self._policy, now)

    def apply(self, step: Step) -> None:
        """Take the step: the batch under way is replaced by what the step leaves of it."""
        self._works.popleft()
        self._works.extendleft(reversed(step.next))

    def _is_full(self) -> bool:
        return (
            len(self._waiting) >= self._limits.records
            or ENVELOPE_BYTES + self._waiting_bytes >= self._limits.payload_bytes
        )

    def _cut(self, now: float) -> tuple[Record, ...]:
        """Take a batch from the front: never more than the limits, but at least one record."""
        batch: list[Record] = []
        size = ENVELOPE_BYTES
        while self._waiting and len(batch) < self._limits.records:
            more = len(self._waiting[0].json) + len(SEPARATOR)
            if batch and size + more > self._limits.payload_bytes:
                break
            size += more
            batch.append(self._waiting.popleft())
        self._waiting_bytes -= size - ENVELOPE_BYTES
        self._window_opened = now
        self._flushed = self._flushed and bool(self._waiting)
        return tuple(batch)

    def _age_limit(self, work: Work, retention_s: float) -> float:
        tried = work.failures > 0 or work.refusals > 0
        limits = [self._policy.max_age_s, retention_s if tried else None]
        return min((limit for limit in limits if limit is not None), default=float("inf"))

    def _wake_at(self, work: Work, retention_s: float) -> float:
        expires = work.records[0].arrived + self._age_limit(work, retention_s)
        return min(work.not_before, expires)
