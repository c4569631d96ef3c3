"""The ticks of scheduled rules and schedules: by name, open to faults, in flight until their targets are called."""

import threading
from collections.abc import Callable
from typing import Any

from wavetank.emulator.faults.engine import FAULTS
from wavetank.emulator.faults.points import Action, Point
from wavetank.emulator.runtime.inflight import IN_FLIGHT

Job = Callable[..., Any]


class UnknownRule(LookupError):
    """There is no scheduled rule of that name."""


class Schedules:
    """The scheduled rules by name, each with what its tick does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}

    def keep(self, rule: str, job: Job) -> None:
        """Note what a rule's tick does; the last one made counts."""
        with self._lock:
            self._jobs[rule] = job

    def forget(self, rule: str) -> None:
        """Note that a rule is gone; an unknown one is ignored."""
        with self._lock:
            self._jobs.pop(rule, None)

    def names(self) -> list[str]:
        """The rules that have ticked or may tick, sorted."""
        return sorted(self._jobs)

    def tick(self, rule: str) -> None:
        """Let a rule tick now, whether it is enabled or not. Raises UnknownRule."""
        job = self._jobs.get(rule)
        if job is None:
            raise UnknownRule(f"there is no scheduled rule {rule!r}; there are: {', '.join(self.names()) or 'none'}")
        job()


SCHEDULES = Schedules()


def tick(rule: str, job: Callable[[], Any]) -> None:
    """Call a rule's targets, unless a fault has it otherwise; in flight until they are called."""
    with IN_FLIGHT.doing(Point.SCHEDULE_TICK, rule, rule):
        firing = FAULTS.fire(Point.SCHEDULE_TICK, {"rule": rule}, rule)
        if firing is not None and firing.action is Action.DROP:
            return
        if firing is not None and firing.action is Action.OVERLAP:
            _call_together(job)
            return
        copies = int(firing.parameters["copies"]) if firing is not None else 0
        for _ in range(1 + copies):
            job()


def _call_together(job: Callable[[], Any]) -> None:
    """Call it on two threads that begin together; return when both are done."""
    together = threading.Barrier(2)

    def run() -> None:
        together.wait()
        job()

    other = threading.Thread(target=run, daemon=True)
    other.start()
    run()
    other.join()
