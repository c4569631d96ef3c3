"""The emulator's clock: the one source of "now" for everything that buffers, expires, retries or waits.

It runs with the wall clock and can be advanced, so that a five-minute buffer or a 24-hour retention passes in
microseconds. Waiting is done on an `Alarm`, which wakes when it is rung, when its emulator-time deadline
passes, and when the clock is advanced past that deadline.
"""

import threading
import time
import weakref
from math import inf


class Clock:
    """Emulator time in seconds since the epoch: the wall clock plus whatever it was advanced by."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._lock = threading.Lock()
        self._alarms: weakref.WeakSet[Alarm] = weakref.WeakSet()

    def now(self) -> float:
        """Seconds since the epoch, in emulator time; never goes back while the wall clock does not."""
        return time.time() + self._offset

    @property
    def offset(self) -> float:
        """How far the clock was advanced in all, in seconds."""
        return self._offset

    def advance(self, seconds: float) -> float:
        """Move time on by `seconds` (0 or more), wake every waiter to look again, and return the new now.

        Raises ValueError for a negative step: emulator time does not run backwards.
        """
        if seconds < 0:
            raise ValueError(f"the clock only moves forward, got {seconds} s")
        with self._lock:
            self._offset += seconds
            alarms = list(self._alarms)
        for alarm in alarms:
            alarm._look_again()
        return self.now()

    def _enrol(self, alarm: "Alarm") -> None:
        with self._lock:
            self._alarms.add(alarm)


CLOCK = Clock()


class Alarm:
    """A `threading.Event` that waits in emulator time."""

    def __init__(self, clock: Clock = CLOCK) -> None:
        self._clock = clock
        self._condition = threading.Condition()
        self._rung = False
        clock._enrol(self)

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
                left = min(deadline - self._clock.now(), end - time.monotonic())
                if left <= 0:
                    break
                self._condition.wait(None if left == inf else left)
            return self._rung

    def _look_again(self) -> None:
        with self._condition:
            self._condition.notify_all()
