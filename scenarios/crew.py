"""Holds drills on several sites side by side; the reports and their order are those of a single site."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from scenarios.drill import Drill, Workload
from scenarios.report import Report
from scenarios.runner import Digests, Progress, Runner, control_of
from scenarios.site import Site

Held = Future[tuple[Report, Digests | None]]


@dataclass
class Crew:
    """A runner for each of `sites`, of which the one that is free takes the next drill.

    Sites share nothing, so that what one drill breaks no other sees. `folder` and `progress` are those of a Runner.
    """

    sites: Sequence[Site]
    folder: Path
    progress: Progress = lambda _drill, _what: None
    _free: SimpleQueue[Runner] = field(default_factory=SimpleQueue)

    def __post_init__(self) -> None:
        for site in self.sites:
            self._free.put(Runner(site, self.folder, self.progress))

    def hold(self, drills: Iterable[Drill], seed: int) -> Iterator[Report]:
        """Run each drill and, once for each workload, its control; one report for each run, each control first.

        Raises what `Runner.hold` does.
        """
        controls: dict[Workload, Held] = {}
        runs: list[Held] = []
        with ThreadPoolExecutor(len(self.sites), thread_name_prefix="drill") as pool:
            for drill in drills:
                if drill.workload not in controls:
                    controls[drill.workload] = pool.submit(self._run, control_of(drill), seed, None)
                    runs.append(controls[drill.workload])
                if not drill.is_control:
                    runs.append(pool.submit(self._run, drill, seed, controls[drill.workload]))
            try:
                for run in runs:
                    yield run.result()[0]
            finally:
                pool.shutdown(cancel_futures=True)

    def _run(self, drill: Drill, seed: int, control: Held | None) -> tuple[Report, Digests | None]:
        """The control was taken up before, by another runner if it has not ended: to wait for it comes to an end."""
        digests = control.result()[1] if control is not None else None
        runner = self._free.get()
        try:
            return runner.run(drill, seed, digests)
        finally:
            self._free.put(runner)
