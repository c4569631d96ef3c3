"""Due work, run on the emulator's clock by a thread; a reader that comes first runs it itself."""

import logging
import threading
from collections.abc import Callable
from math import inf

from wavetank.emulator.runtime.clock import CLOCK, Alarm, Clock

LOG = logging.getLogger(__name__)


class Timetable:
    """The time of the next due work; its thread sleeps until then, however long that is."""

    def __init__(self, do_due: Callable[[], float], clock: Clock = CLOCK) -> None:
        """`do_due` does all that is due and returns when the next is, in seconds since the epoch; inf for never."""
        self._do_due = do_due
        self._clock = clock
        self._alarm = Alarm(clock)
        self._doing = threading.RLock()
        self._guard = threading.Lock()  # held for a comparison only, so that `expect` may be called under any lock
        self._next = inf
        self._is_working = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def expect(self, at: float) -> None:
        """Note that work is due then."""
        with self._guard:
            if at >= self._next:
                return
            self._next = at
        self._alarm.set()

    @property
    def is_due(self) -> bool:
        """Whether work is due, or being done."""
        with self._guard:
            return self._is_working or self._next <= self._clock.now()

    def catch_up(self) -> None:
        """Return once all is done that is due by now."""
        if not self.is_due:
            return
        with self._doing:
            with self._guard:
                if self._clock.now() < self._next:
                    return
                self._next, self._is_working = inf, True
            try:
                self.expect(self._do_due())
            finally:
                self._is_working = False

    def start(self) -> None:
        """Begin to keep time; a second start changes nothing."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="wavetank-timetable", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._alarm.set()
        self._thread = None

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._alarm.clear()
            try:
                self.catch_up()
            except Exception:
                LOG.exception("what was due could not be done")
            if not self._stopping.is_set():
                with self._guard:
                    pause_s = None if self._next == inf else self._next - self._clock.now()
                self._alarm.wait(pause_s)
