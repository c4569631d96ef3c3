"""Calls that are made later, in emulator time, on one thread."""

import heapq
import itertools
import logging
import threading
from collections.abc import Callable

from wavetank.emulator.runtime.clock import CLOCK, Alarm, Clock

LOG = logging.getLogger(__name__)


class DelayedCalls:
    """Actions that are called when their time has come; the thread starts with the first and is a daemon."""

    def __init__(self, clock: Clock = CLOCK) -> None:
        self._clock = clock
        self._alarm = Alarm(clock)
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._thread: threading.Thread | None = None

    def after(self, delay_s: float, action: Callable[[], None]) -> None:
        """Call `action` once, `delay_s` emulator seconds from now; it should only hand work over."""
        with self._lock:
            heapq.heappush(self._waiting, (self._clock.now() + delay_s, next(self._numbers), action))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="wavetank-timer", daemon=True)
                self._thread.start()
        self._alarm.set()

    def hurry(self) -> None:
        """Call what waits now, as if its time had come."""
        with self._lock:
            waiting, self._waiting = sorted(self._waiting), []
        for _, _, action in waiting:
            action()

    def _run(self) -> None:
        while True:
            self._alarm.clear()
            due = []
            with self._lock:
                while self._waiting and self._waiting[0][0] <= self._clock.now():
                    due.append(heapq.heappop(self._waiting)[2])
            for action in due:
                try:
                    action()
                except Exception:
                    LOG.exception("a delayed action failed")
            with self._lock:
                delay_s = self._waiting[0][0] - self._clock.now() if self._waiting else None
            self._alarm.wait(delay_s)


DELAYED_CALLS = DelayedCalls()
