"""The emulator's clock: the one source of "now" for everything that buffers, expires, retries or waits.

It runs steadily from the wall clock's time at the start and can be advanced, so that a five-minute buffer or a 24-hour
retention passes in microseconds. Waiting is done on an `Alarm`, which wakes when it is rung, when its emulator-time
deadline passes, and when the clock is advanced past that deadline.
"""

import threading
import time
import weakref
from bisect import bisect_right
from collections.abc import Callable
from itertools import takewhile
from math import inf, isfinite

LONGEST_SLEEP_S = 30.0
"""How long a waiter sleeps before it looks at the time again: sleeping does not count what the machine is suspended."""

END = 253402300800.0
"""The first second of the year 10000: no date of AWS, and no `datetime`, is that late."""

MARGIN_S = 366 * 86_400.0
"""What is kept free before the end: no retention, retry or token of a stack lasts longer than a year."""

MAX_JUMPS = 10_000
"""So many jumps are remembered; the time before them counts as lived."""
PAUSE = 0.05
"""Jumps are one when the time between them is at most such a part of the later one."""

_COUNTING_SLEEP = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Linux's monotonic clock stops while the machine is suspended, and this one does not; macOS's own goes on."""


def since_boot() -> float:
    """Seconds that passed since some moment of the past, those of a suspended machine too; never set by anybody."""
    return time.clock_gettime(_COUNTING_SLEEP)


class Clock:
    """Emulator time in seconds since the epoch: the wall clock's at the start, and from there on steadily.

    Whoever sets the machine's clock, by hand or by NTP, moves no time here: nothing waits longer, nothing expires
    early, and no order is lost. `ticking` counts the seconds that pass.
    """

    def __init__(self, ticking: Callable[[], float] = since_boot) -> None:
        self._ticking = ticking
        self._began = time.time() - ticking()
        self._offset = 0.0
        self._jumps: list[tuple[float, float]] = []
        self._lock = threading.Lock()
        self._alarms: weakref.WeakSet[Alarm] = weakref.WeakSet()

    def now(self) -> float:
        """Seconds since the epoch, in emulator time; never goes back."""
        return self._began + self._ticking() + self._offset

    def steady(self) -> float:
        """Seconds since the epoch without what the clock was advanced by; never goes back."""
        return self._began + self._ticking()

    @property
    def offset(self) -> float:
        """How far the clock was advanced in all, in seconds."""
        return self._offset

    def advance(self, seconds: float, *, lived: bool = False) -> float:
        """Move time on by `seconds` (0 or more), wake every waiter to look again, and return the new now.

        The time that is passed over is remembered as a jump, unless it is to count as `lived`: as time in which things
        could have happened, and did not.

        Raises ValueError for a negative step (emulator time does not run backwards), for what is no number, and for a
        step past the year 9999. A year before that is kept for what is due later: retention, retries, tokens.
        """
        if not isfinite(seconds) or seconds < 0:
            raise ValueError(f"the clock only moves forward, by a number of seconds of at least 0, got {seconds}")
        with self._lock:
            room_s = END - MARGIN_S - self.now()
            if seconds > room_s:
                raise ValueError(f"the clock ends with the year 9998, in {room_s:.0f} s; got {seconds:g} s")
            if seconds and not lived:
                self._remember(self.now(), seconds)
            self._offset += seconds
            alarms = list(self._alarms)
        for alarm in alarms:
            alarm._look_again()
        return self.now()

    @property
    def jumped_until(self) -> float:
        """The end of the last jump; minus infinite before the first."""
        jumps = self._jumps
        return jumps[-1][1] if jumps else -inf

    def jump(self, at: float) -> tuple[float, float] | None:
        """The beginning and the end of the jump in which a moment was passed over; None for one that was lived."""
        jumps = self._jumps
        index = bisect_right(jumps, (at, END)) - 1
        return jumps[index] if index >= 0 and at < jumps[index][1] else None

    def jumps(self, since: float) -> list[tuple[float, float]]:
        """The jumps that ended after then: the beginning and the end of each."""
        return list(takewhile(lambda jump: jump[1] > since, reversed(self._jumps)))

    def is_lived(self, start: float, end: float) -> bool:
        """Whether at least half of the time from `start` to `end` was lived, and not jumped over."""
        jumps, passed_s = self._jumps, 0.0
        index = bisect_right(jumps, (end, END)) - 1
        while index >= 0 and jumps[index][1] > start:
            passed_s += min(jumps[index][1], end) - max(jumps[index][0], start)
            index -= 1
        return passed_s * 2 <= end - start

    def _remember(self, start: float, seconds: float) -> None:
        jumps = self._jumps[-MAX_JUMPS:]
        if jumps and start - jumps[-1][1] <= seconds * PAUSE:
            jumps[-1] = (jumps[-1][0], start + seconds)
        else:
            jumps.append((start, start + seconds))
        self._jumps = jumps


CLOCK = Clock()


class Alarm:
    """A `threading.Event` that waits in emulator time."""

    def __init__(self, clock: Clock = CLOCK) -> None:
        self._clock = clock
        self._condition = threading.Condition()
        self._rung = False
        with clock._lock:
            clock._alarms.add(self)

    def set(self) -> None:
        """Ring: wake every waiter now."""
        with self._condition:
            self._rung = True
            self._condition.notify_all()

    def clear(self) -> None:
        """Forget that it rang."""
        with self._condition:
            self._rung = False

    def is_set(self) -> bool:
        """Whether it has rung since the last `clear`."""
        return self._rung

    def wait(self, timeout: float | None = None, *, patience: float | None = None) -> bool:
        """Wait until it rings or `timeout` emulator seconds have passed; True when it rang.

        Returns after `patience` seconds of the wall clock too, where given: for who looks now and then whether a ring
        was missed, which emulator time that is moved on is no reason for.
        """
        deadline = inf if timeout is None else self._clock.now() + timeout
        end = inf if patience is None else time.monotonic() + patience
        with self._condition:
            while not self._rung:
                rest_s = min(deadline - self._clock.now(), end - time.monotonic())
                if rest_s <= 0:
                    break
                self._condition.wait(None if rest_s == inf else min(rest_s, LONGEST_SLEEP_S))
            return self._rung

    def _look_again(self) -> None:
        with self._condition:
            self._condition.notify_all()
