"""The life of a mapping's run: in flight and part of every reset from its start until its last batch is over."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.inflight import IN_FLIGHT
from wavetank.emulator.runtime.reset import RESET


@dataclass(frozen=True)
class LifeCycle:
    """Calls for its owner: `begun` when records are read, `ended` once no batch is with the function any more."""

    begun: Callable[[], None]
    ended: Callable[[], None]


class Work(Protocol):
    """The work of a run: what it has to do, and what a settle and a reset ask of it."""

    def pending(self) -> list[Pending]: ...
    def flush(self) -> None: ...
    def discard(self) -> None: ...

    def serve(self, begun: Callable[[], None]) -> None:
        """Work until the run is stopped and its last batch is over; the run holds its mapping's lease so long."""

    def unlisten(self) -> None:
        """Hear of no more writes."""


def begin(work: Work, hop: str, mapping: str, lease: threading.Lock, life: LifeCycle) -> None:
    """Begin the work of a mapping's run, in a thread, as soon as an earlier run has given the lease back."""
    name = f"{hop}.{mapping}.{id(work)}"

    def run() -> None:
        with lease:
            work.serve(life.begun)
        work.unlisten()
        IN_FLIGHT.unwatch(name)
        RESET.strike_off(name)
        life.ended()

    IN_FLIGHT.watch(name, work.pending, work.flush)
    RESET.enrol(name, work.discard)
    threading.Thread(target=run, name=f"esm-{mapping}", daemon=True).start()
