"""Holds drills on several sites side by side; the reports and their order are those of a single site."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from wavetank.scenarios.run.report import STACK, Report
from wavetank.scenarios.run.runner import Digests, Progress, Runner, control_of
from wavetank.scenarios.run.side_by_side import Free
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.drill import Drill

Held = Future[tuple[Report, Digests | None]]


@dataclass
class Crew:
    """A runner for each of `sites`, of which the one that is free takes the next drill.

    Sites share nothing, so that what one drill breaks no other sees. `folder` and `progress` are those of a Runner.
    stays: the stacks outlive the crew, so that a run that is interrupted has to heal them. over: set when nobody wants
    to know of runs any more.
    """

    sites: Sequence[Site]
    folder: Path
    progress: Progress = lambda _drill, _what: None
    stays: bool = False
    over: Event = field(default_factory=Event)
    _free: Free[Runner] = field(init=False)

    def __post_init__(self) -> None:
        self._free = Free(Runner(site, self.folder, self._told) for site in self.sites)

    def hold(self, drills: Sequence[Drill], seed: int) -> Iterator[Report]:
        """Run each drill and, once for each workload, its control; one report for each run, each control first.

        That is the order of the reports. Of several sites what waits by the wall clock has no more than half, so that
        others run beside it. Where the iterator is closed or interrupted no other run is begun, and those that were
        end: healed, where the stacks stay. Raises what `Runner.hold` does.
        """
        busy, waiting = self._pool(len(self.sites)), self._pool(max(1, len(self.sites) // 2))
        runs = list[Held]()
        try:
            runs += self._begun(drills, seed, busy, waiting)
            for run in runs:
                yield run.result()[0]
        finally:
            self.over.set()
            if self.stays and any(run.running() for run in runs):
                self.progress(STACK, "is being healed; another Ctrl-C leaves it as it is")
            for pool in (busy, waiting):
                pool.shutdown(wait=self.stays, cancel_futures=True)

    def _pool(self, threads: int) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(threads, thread_name_prefix="drill")

    def _begun(
        self, drills: Sequence[Drill], seed: int, busy: ThreadPoolExecutor, waiting: ThreadPoolExecutor
    ) -> list[Held]:
        """Every run, in the order of the reports."""
        controls = {
            workload: busy.submit(self._run, control_of(drill), seed, None)
            for workload, drill in {drill.workload: drill for drill in drills}.items()
        }
        runs = dict[Held, None]()
        for drill in drills:
            control = controls[drill.workload]
            runs[control] = None
            if not drill.is_control:
                pool = waiting if drill.waits else busy
                runs[pool.submit(self._run, drill, seed, control)] = None
        return list(runs)

    def _run(self, drill: Drill, seed: int, control: Held | None) -> tuple[Report, Digests | None]:
        """The control was taken up before, by another runner if it has not ended: to wait for it comes to an end."""
        digests = control.result()[1] if control is not None else None
        with self._free.one() as runner:
            self._check()
            return runner.run(drill, seed, digests)

    def _told(self, drill: str, what: str) -> None:
        self._check()
        self.progress(drill, what)

    def _check(self) -> None:
        if self.over.is_set():
            raise EndedError


class EndedError(BaseException):
    """Nobody wants to know any more what comes of a run; not an error of it, which would be judged."""
