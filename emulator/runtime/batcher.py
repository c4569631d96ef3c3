"""Hands things over in batches from one thread, so that those who make them need not wait and few calls carry many."""

import logging
import threading
from collections.abc import Callable, Sequence

from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.inflight import IN_FLIGHT

LOG = logging.getLogger(__name__)

LINGER_S = 0.5
"""How long the first thing of a batch waits for others, unless a settle is in a hurry. Wall clock."""


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
        """What was not handed over yet."""
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
