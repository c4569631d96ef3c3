"""The schedules that are enabled, those of rules too, each fired when it is due, in emulator time.

A schedule that comes due several times while the clock is moved on fires as often, up to a bound.
"""

import heapq
import itertools
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from wavetank.emulator.deliveries import events
from wavetank.emulator.deliveries.queue import written
from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.clock import CLOCK, Alarm, Clock
from wavetank.emulator.runtime.inflight import IN_FLIGHT
from wavetank.emulator.scheduler.expression import Expression

LOG = logging.getLogger(__name__)

HOP = "scheduler.schedule"
MOST_AT_ONCE = 1_000
"""So often a schedule fires for one move of the clock; what came before is left out, with a line in the log."""


@dataclass(frozen=True)
class Schedule:
    """An enabled schedule, from its `start` on and before its `end`; times in seconds since the epoch.

    `fire` is called with each of its times, `finished` after the last.
    """

    arn: str
    name: str
    expression: Expression
    fire: Callable[[float], None]
    start: float
    end: float | None = None
    finished: Callable[[], None] = lambda: None

    def next(self, after: float) -> float | None:
        """The moment at which it is due next; None when it is over."""
        at = self.expression.next(after, self.start)
        return None if at is None or (self.end is not None and at >= self.end) else at


class Runner:
    """Fires schedules; its thread starts with the first and is a daemon."""

    def __init__(self, clock: Clock = CLOCK) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._alarm = Alarm(clock)
        self._numbers = itertools.count()
        self._schedules: dict[str, Schedule] = {}
        self._late: dict[str, int] = {}
        self._due: list[tuple[float, int, Schedule]] = []
        self._thread: threading.Thread | None = None
        IN_FLIGHT.watch(HOP, self._overdue)

    def keep(self, schedule: Schedule, after: float | None = None) -> None:
        """Fire a schedule from now on, in the place of the one with its ARN; with `after` not before that is over."""
        with self._lock:
            self._schedules[schedule.arn] = schedule
            # A rate without a start date begins at once, and a start date may be this very moment.
            self._plan(schedule, min(self._clock.now(), schedule.start) - 1e-6 if after is None else after)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)
                self._thread.start()
        events.SCHEDULES.keep(schedule.name, lambda: self._fire(schedule, self._clock.now()))
        self._alarm.set()

    def forget(self, arn: str) -> None:
        """Fire a schedule no more; an unknown one is ignored."""
        with self._lock:
            schedule = self._schedules.pop(arn, None)
            self._late.pop(arn, None)
        if schedule is not None:
            events.SCHEDULES.forget(schedule.name)

    def _plan(self, schedule: Schedule, after: float) -> bool:
        """Note when a schedule is due next; False when it is over."""
        at = schedule.next(after)
        if at is not None:
            heapq.heappush(self._due, (at, next(self._numbers), schedule))
        return at is not None

    def _overdue(self) -> list[Pending]:
        with self._lock:
            now = self._clock.now()
            return [
                Pending(HOP, schedule.name, f"due {written(at)}")
                for at, _, schedule in self._due
                if at <= now and self._schedules.get(schedule.arn) is schedule
            ]

    def _run(self) -> None:
        while True:
            self._alarm.clear()
            while self._fire_next():
                pass
            with self._lock:
                pause_s = self._due[0][0] - self._clock.now() if self._due else None
            self._alarm.wait(pause_s)

    def _fire_next(self) -> bool:
        """Fire what is due first; False when nothing is."""
        with self._lock:
            if not self._due or self._due[0][0] > self._clock.now():
                return False
            at, _, schedule = heapq.heappop(self._due)
            if self._schedules.get(schedule.arn) is not schedule:
                return True
            end = IN_FLIGHT.begin(HOP, schedule.name, "fires")
            now, following, planned_from = self._clock.now(), schedule.next(at), at
            is_late = following is not None and following <= now
            self._late[schedule.arn] = self._late.get(schedule.arn, 0) + 1 if is_late else 0
            if self._late[schedule.arn] >= MOST_AT_ONCE:
                self._late[schedule.arn] = 0
                LOG.warning("%s was due more than %d times at once: the rest is left out", schedule.arn, MOST_AT_ONCE)
                planned_from = now
            goes_on = self._plan(schedule, planned_from)
        try:
            self._fire(schedule, at)
            if not goes_on:
                self.forget(schedule.arn)
                schedule.finished()
        except Exception:
            LOG.exception("schedule %s could not be fired", schedule.arn)
        finally:
            end()
        return True

    def _fire(self, schedule: Schedule, at: float) -> None:
        events.tick(schedule.name, lambda: schedule.fire(at))


RUNNER = Runner()
