"""The register of everything that is on its way somewhere, so that `settle` can say when nothing is.

Two ways to be in flight. A *token* is held for the length of one piece of work (a notification queued, a
function running). A *probe* is asked (a consumer behind its stream, a buffer not yet delivered). Work that
causes other work takes the next token before it gives up its own, so that there is no moment in between at
which the pipeline looks quiet and is not.
"""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.clock import CLOCK, Alarm

LOG = logging.getLogger(__name__)

POLL_S = 0.01
LONGEST_POLL_S = 0.04
"""A settle looks again after the first, then after ever longer pauses, up to the second."""


Probe = Callable[[], list[Pending]]
Flush = Callable[[], None]


@dataclass(frozen=True)
class _Watch:
    name: str
    probe: Probe
    flush: Flush | None
    last: bool

    def ask(self) -> list[Pending]:
        """The probe's pending items; a probe that fails is never taken for quiet."""
        try:
            return self.probe()
        except Exception as error:
            LOG.exception("probe %s failed", self.name)
            return [Pending(self.name, "", f"its probe failed: {type(error).__name__}: {error}")]

    def flush_now(self) -> list[Pending]:
        """Ask for the flush; one that fails may still hold something back."""
        try:
            if self.flush is not None:
                self.flush()
        except Exception as error:
            LOG.exception("flush of %s failed", self.name)
            return [Pending(self.name, "", f"its flush failed: {type(error).__name__}: {error}")]
        return []


class InFlight:
    """The register of work in flight."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._tokens: dict[int, Pending] = {}
        self._begun = 0
        self._watches: dict[str, _Watch] = {}

    def begin(
        self, hop: str, resource: str, what: str, *, until: float | None = None, by_fault: bool = False
    ) -> Callable[[], None]:
        """Take a token of what a `Pending` says; call the returned function once, when the work has ended anyhow."""
        with self._lock:
            number = next(self._numbers)
            self._tokens[number] = Pending(hop, resource, what, until=until, by_fault=by_fault)
            self._begun += 1

        def end() -> None:
            with self._lock:
                self._tokens.pop(number, None)

        return end

    @contextmanager
    def doing(self, hop: str, resource: str, what: str, *, until: float | None = None) -> Iterator[None]:
        """Hold a token for the length of a block."""
        end = self.begin(hop, resource, what, until=until)
        try:
            yield
        finally:
            end()

    def pause(self, hop: str, resource: str, what: str, seconds: float, *, by_fault: bool = False) -> None:
        """Wait so many seconds of emulator time, in flight meanwhile."""
        end = self.begin(hop, resource, what, until=CLOCK.now() + seconds, by_fault=by_fault)
        try:
            Alarm().wait(seconds)
        finally:
            end()

    def watch(self, name: str, probe: Probe, flush: Flush | None = None, *, last: bool = False) -> None:
        """Ask `probe` at every settle; `flush`, where given, is told to send what it holds back.

        `last`: not before everything else is quiet. So metrics are sent once, when all that they count is over.
        """
        with self._lock:
            self._watches[name] = _Watch(name, probe, flush, last)

    def unwatch(self, name: str) -> None:
        """Forget a probe; an unknown name is ignored."""
        with self._lock:
            self._watches.pop(name, None)

    def pending(self) -> list[Pending]:
        """Pending items of everything, empty when nothing is in flight. A probe that fails counts as in flight."""
        return self.working() + self._ending()

    def working(self) -> list[Pending]:
        """Pending items of everything but the probes registered with `last=True`."""
        return self._working(whole=True)

    def settle(self, timeout_s: float, *, last: bool = True) -> list[Pending]:
        """Wait until nothing is in flight anywhere; return what still is when `timeout_s` (wall clock) is over.

        Quiet means: every flush was asked for, then two looks in a row found nothing and no token was taken
        in between. Without `last` what comes last goes in its own time.
        """
        deadline, pause_s = time.monotonic() + timeout_s, POLL_S
        begun_when_quiet: int | None = None
        while True:
            over, begun = time.monotonic() >= deadline, self._begun
            pending = self._flushed(last=False) + self._working(whole=over)
            if last and not pending:
                pending = self._flushed(last=True) + self._ending()
            if (pending and over) or (not pending and begun == begun_when_quiet):
                return pending
            begun_when_quiet = begun if not pending else None
            if pending:
                time.sleep(pause_s)
                pause_s = min(LONGEST_POLL_S, pause_s * 1.25)

    def hurry_last(self, timeout_s: float) -> None:
        """Have what comes last, such as metrics, handed over now, though all else goes on; wait at most so long."""
        deadline = time.monotonic() + timeout_s
        # What is handed over may become something else that waits: lines of a log, metrics.
        while (self._flushed(last=True) or self._ending()) and time.monotonic() < deadline:
            time.sleep(POLL_S)

    def _working(self, *, whole: bool) -> list[Pending]:
        """Pending items of all but the probes with `last=True`; unless `whole`, of the first that has any."""
        with self._lock:
            pending = list(self._tokens.values())
        for watch in self._watching(last=False):
            if pending and not whole:
                break
            pending += watch.ask()
        return pending

    def _ending(self) -> list[Pending]:
        """Pending items of the probes registered with `last=True`."""
        return [item for watch in self._watching(last=True) for item in watch.ask()]

    def _flushed(self, last: bool) -> list[Pending]:
        """Ask for every flush; returns those that failed."""
        return [item for watch in self._watching(last) for item in watch.flush_now()]

    def _watching(self, last: bool) -> list[_Watch]:
        with self._lock:
            return [watch for watch in self._watches.values() if watch.last is last]


IN_FLIGHT = InFlight()
