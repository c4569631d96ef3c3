"""A lane of a shard: its records in order, cut into batches of which one at a time is with the function.

A shard has as many lanes as the mapping's ParallelizationFactor. Records of one partition key share a lane, and a
lane finishes its records in the order in which it got them.
"""

from collections import deque
from dataclasses import dataclass, replace

from wavetank.emulator.lambda_.mappings.batch_window import BatchLimits, BatchWindow
from wavetank.emulator.lambda_.mappings.stream.core.event import Record
from wavetank.emulator.lambda_.mappings.stream.core.response import Outcome
from wavetank.emulator.lambda_.mappings.stream.core.retry import Step, Work, after, expire
from wavetank.emulator.lambda_.mappings.stream.core.settings import RetryPolicy


@dataclass(frozen=True)
class Invoke:
    """Send this batch to the function now."""

    work: Work


@dataclass(frozen=True)
class GiveUp:
    """Report records that are too old, then apply the step."""

    step: Step


@dataclass(frozen=True)
class Wait:
    """Nothing to do until then (emulator time), or until more records come (None)."""

    until: float | None


Task = Invoke | GiveUp | Wait


class Lane:
    """Records that wait, and the batch under way; every method takes the time from its caller."""

    def __init__(self, limits: BatchLimits, policy: RetryPolicy) -> None:
        self._policy = policy
        self._works: deque[Work] = deque()
        self.window = BatchWindow[Record](limits)
        """The records that wait."""

    @property
    def under_way(self) -> Work | None:
        """The batch that is with the function or is to be tried next."""
        return self._works[0] if self._works else None

    def hurry(self) -> None:
        """Let the batch under way be tried again at once."""
        if self._works:
            self._works[0] = replace(self._works[0], not_before=0.0)

    def next(self, now: float, retention_s: float) -> Task:
        """The task to do now. Records older than the stream's retention are given up once they have been tried."""
        if not self._works:
            batch = self.window.cut(now)
            if not batch:
                return Wait(self.window.closes_at)
            self.window.reopen(now)
            self._works.append(Work(batch))
        work = self._works[0]
        max_age_s = float("inf") if self._policy.max_age_s is None else self._policy.max_age_s
        if work.failures > 0 or work.refusals > 0:
            max_age_s = min(max_age_s, retention_s)
        step = expire(work, now - max_age_s)
        if step is not None:
            return GiveUp(step)
        if now >= work.not_before:
            return Invoke(work)
        return Wait(min(work.not_before, work.records[0].arrived + max_age_s))

    def decide(self, outcome: Outcome, now: float) -> Step:
        """The step that the outcome of the batch under way leads to."""
        return after(self._works[0], outcome, self._policy, now)

    def apply(self, step: Step) -> None:
        """Take the step: the batch under way is replaced by what the step leaves of it."""
        self._works.popleft()
        self._works.extendleft(reversed(step.next))
