"""Threads that hand on what others make, so that the makers need not wait and few calls carry many.

A `Batcher` collects things itself; a `Reporter` sends what its owner gathers, such as metrics, every few seconds.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.inflight import IN_FLIGHT

LOG = logging.getLogger(__name__)

LINGER_S = 0.5
"""How long the first thing of a batch waits for others, unless a settle is in a hurry. Wall clock."""
SEND_EVERY_S = 5.0


class Batcher[T]:
    """Collects things in their order; what is collected counts as in flight until it was handed over."""

    def __init__(self, hop: str, hand_over: Callable[[Sequence[T]], None], linger_s: float = LINGER_S) -> None:
        """`hand_over` is called with one batch after the other; what it raises is logged, and the batch is gone."""
        self._hop = hop
        self._hand_over = hand_over
        self._linger_s = linger_s
        self._lock = threading.Lock()
        self._items: list[T] = []
        self._leaving = 0
        self._arrived = threading.Event()
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None
        IN_FLIGHT.watch(hop, self.pending, self.flush, last=True)

    def add(self, item: T) -> None:
        """Hand this over soon."""
        with self._lock:
            self._items.append(item)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._hop, daemon=True)
                self._thread.start()
        if not self._arrived.is_set():
            self._arrived.set()

    def flush(self) -> None:
        """Do not wait for more; returns at once."""
        if self.pending():
            self._hurry.set()

    def pending(self) -> list[Pending]:
        """The things that were not handed over yet."""
        with self._lock:
            waiting = len(self._items) + self._leaving
        return [Pending(self._hop, "", f"{waiting} to hand over")] if waiting else []

    def _run(self) -> None:
        while True:
            self._arrived.wait()
            self._hurry.wait(self._linger_s)
            self._arrived.clear()
            self._hurry.clear()
            with self._lock:
                batch, self._items = self._items, []
                self._leaving = len(batch)
            try:
                self._hand_over(batch)
            except Exception:
                LOG.exception("%s: %d could not be handed over", self._hop, len(batch))
            with self._lock:
                self._leaving = 0


class Reporter:
    """A thread that calls `send` while something `is_waiting`, and once more at the end of a settle.

    The things that wait are in flight until they were sent.
    """

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
        """The item in flight while something waits or is being sent."""
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
