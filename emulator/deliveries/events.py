"""EventBridge: events from PutEvents until their targets have been called, and the ticks of scheduled rules."""

import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

from wavetank.emulator.faults.engine import FAULTS
from wavetank.emulator.faults.points import Action, Point
from wavetank.emulator.runtime.inflight import IN_FLIGHT

HOP = "events.rules"

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


def patch(provider: ModuleType) -> None:
    """Wrap the worker threads and the jobs of schedules in `localstack.services.events.provider`."""
    start = provider.start_worker_thread

    def start_tracked(method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        end = IN_FLIGHT.begin(HOP, "", kwargs.get("name") or "event")

        def run(*run_args: Any, **run_kwargs: Any) -> Any:
            try:
                return method(*run_args, **run_kwargs)
            finally:
                end()

        try:
            return start(run, *args, **kwargs)
        except BaseException:
            end()
            raise

    provider.start_worker_thread = start_tracked  # type: ignore[attr-defined]
    make_job = provider.EventsProvider._get_scheduled_rule_job_function

    def make_struck_job(self: Any, account_id: str, region: str, rule: Any) -> Job:
        job = make_job(self, account_id, region, rule)

        def run(*_args: Any, **_kwargs: Any) -> None:
            tick(str(rule.name), job)

        SCHEDULES.keep(str(rule.name), run)
        return run

    provider.EventsProvider._get_scheduled_rule_job_function = make_struck_job


def tick(rule: str, job: Callable[[], Any]) -> None:
    """Call a rule's targets, unless a fault has it otherwise; in flight until they are called."""
    with IN_FLIGHT.doing(Point.SCHEDULE_TICK, rule, rule):
        firing = FAULTS.fire(Point.SCHEDULE_TICK, {"rule": rule}, rule)
        if firing is not None and firing.action is Action.DROP:
            return
        if firing is not None and firing.action is Action.OVERLAP:
            _at_once(job)
            return
        copies = int(firing.parameters["copies"]) if firing is not None else 0
        for _ in range(1 + copies):
            job()


def _at_once(job: Callable[[], Any]) -> None:
    """Call it on two threads that begin together; return when both are done."""
    together = threading.Barrier(2)

    def run() -> None:
        together.wait()
        job()

    other = threading.Thread(target=run, daemon=True)
    other.start()
    run()
    other.join()
