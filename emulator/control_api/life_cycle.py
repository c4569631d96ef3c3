"""The life cycle on the emulator's clock: what is past its time is gone at midnight UTC, where that is switched on.

Objects of S3 expire by the rules of their buckets, log events by the retention of their groups.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import inf

from wavetank.emulator.logs import retention
from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.clock import CLOCK, Clock
from wavetank.emulator.runtime.inflight import IN_FLIGHT
from wavetank.emulator.runtime.timetable import Timetable
from wavetank.emulator.s3 import life_cycle
from wavetank.emulator.s3.expiry import midnight_after

HOP = "life-cycle"


class LifeCycle:
    """The switch of the life cycle, and the thread that runs it at each midnight while it is on."""

    def __init__(self, removals: Sequence[Callable[[datetime], None]], clock: Clock = CLOCK) -> None:
        self._removals = removals
        self._clock = clock
        self._is_on = False
        self._timetable = Timetable(self._run, clock)

    def switch(self, on: bool) -> None:
        """Have things expire from now on, those first whose time was over before; or have none."""
        self._is_on = on
        if on:
            IN_FLIGHT.watch(HOP, self._at_work)
            self._timetable.start()
            self._timetable.expect(self._clock.now())

    def _at_work(self) -> list[Pending]:
        return [Pending(HOP, "", "what has expired is removed")] if self._is_on and self._timetable.is_due else []

    def _run(self) -> float:
        """Remove what has expired; return when the next may, in seconds since the epoch."""
        if not self._is_on:
            return inf
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        for remove in self._removals:
            remove(now)
        return midnight_after(now).timestamp()


LIFE_CYCLE = LifeCycle((life_cycle.remove_all, retention.remove_all))
