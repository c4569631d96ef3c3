"""Does things later, in emulator time, on one thread."""

import heapq
import itertools
import logging
import threading
from collections.abc import Callable

from wavetank.emulator.runtime.clock import CLOCK, Alarm, Clock

LOG = logging.getLogger(__name__)


class Timer:
    """Calls actions when their time has come; its thread starts with the first and is a daemon."""

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
            for action in self._due():
                try:
                    action()
                except Exception:
                    LOG.exception("a delayed action failed")
            self._alarm.wait(self._until_next())

    def _due(self) -> list[Callable[[], None]]:
        due = []
        with self._lock:
            while self._waiting and self._waiting[0][0] <= self._clock.now():
                due.append(heapq.heappop(self._waiting)[2])
        return due

    def _until_next(self) -> float | None:
        with self._lock:
            return self._waiting[0][0] - self._clock.now() if self._waiting else None


TIMER = Timer()
