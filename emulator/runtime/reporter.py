"""Sends what was gathered, such as metrics, every few seconds, and once more at the end of a settle."""

import logging
import threading
from collections.abc import Callable

from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.inflight import IN_FLIGHT

LOG = logging.getLogger(__name__)

SEND_EVERY_S = 5.0


class Reporter:
    """A thread that calls `send` while something `is_waiting`; what waits is in flight until it was sent."""

    def __init__(
        self, hop: str, is_waiting: Callable[[], bool], send: Callable[[], None], every_s: float = SEND_EVERY_S
    ) -> None:
        """`every_s` is wall-clock time; what `send` raises is logged."""
        self._hop = hop
        self._is_waiting = is_waiting
        self._send = send
        self._every_s = every_s
        self._lock = threading.Lock()
        self._sending = False
        self._stopped = False
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; starting twice is no error."""
        with self._lock:
            if self._thread is not None:
                return
            self._thread = threading.Thread(target=self._run, name=self._hop, daemon=True)
            IN_FLIGHT.watch(self._hop, self.pending, self.flush, last=True)
            self._thread.start()

    def stop(self) -> None:
        """End without sending what is left."""
        IN_FLIGHT.unwatch(self._hop)
        self._stopped = True
        self._hurry.set()

    def flush(self) -> None:
        """Send now; returns at once."""
        if self._is_waiting():
            self._hurry.set()

    def pending(self) -> list[Pending]:
        """What was not sent yet."""
        # In this order: the thread says that it is sending before it takes what waits.
        if self._is_waiting() or self._sending:
            return [Pending(self._hop, "", "to be sent")]
        return []

    def _run(self) -> None:
        while True:
            self._hurry.wait(self._every_s)
            self._hurry.clear()
            if self._stopped:
                return
            self._sending = True
            try:
                if self._is_waiting():
                    self._send()
            except Exception:
                LOG.exception("%s: not sent", self._hop)
            self._sending = False
