"""Empties a stack of its data while everything that was deployed stays: what `POST /_wavetank/reset` does.

Each service that holds data enrols how to let go of it; nothing is stopped. What functions are doing meanwhile ends
first, and what they still write is let go of in a second round.
"""

import ctypes
import logging
import threading
from collections.abc import Callable

from wavetank.emulator.runtime.clock import CLOCK, Alarm

LOG = logging.getLogger(__name__)

TICK_S = 0.002
"""Arrivals are noted in whole milliseconds: what arrives once this has passed is younger than the reset."""


class Reset:
    """The register of what holds data; every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._discards: dict[str, Callable[[], None]] = {}
        self._buckets: dict[str, Callable[[], set[str]]] = {}
        self._before = 0.0

    def write_to(self, name: str, buckets: Callable[[], set[str]]) -> None:
        """Register the buckets of a holder of data, which `buckets` names; all others belong to what is deployed."""
        with self._lock:
            self._buckets[name] = buckets

    def buckets(self) -> set[str]:
        """The names of the buckets that hold data."""
        with self._lock:
            holders = list(self._buckets.values())
        return {bucket for buckets in holders for bucket in buckets()}

    def enrol(self, name: str, discard: Callable[[], None]) -> None:
        """Call `discard` at every reset, in the order of enrolment; it returns once the data are gone."""
        with self._lock:
            self._discards[name] = discard

    def strike_off(self, name: str) -> None:
        """Forget a holder of data; an unknown name is ignored."""
        with self._lock:
            self._discards.pop(name, None)
            self._buckets.pop(name, None)

    def forgets(self, arrived: float) -> bool:
        """Whether what arrived then (emulator time, seconds since the epoch) was let go of since."""
        return arrived <= self._before

    def run(self) -> None:
        """Let go of all data. A holder that fails is logged, and the error raised once the others are done."""
        self._before = CLOCK.now()
        failure: Exception | None = None
        with self._lock:
            discards = list(self._discards.items())
        for name, discard in discards:
            try:
                discard()
            except Exception as error:
                LOG.exception("%s could not be reset", name)
                failure = error
        Alarm().wait(TICK_S)
        # glibc keeps the memory of large bodies for the next ones; the system gets it back.
        if (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
            trim(0)
        if failure is not None:
            raise failure


RESET = Reset()
