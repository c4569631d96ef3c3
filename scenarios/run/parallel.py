"""Work on several stacks: each piece is done by whoever is free; `hold` has the runs of drills held so."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from queue import SimpleQueue
from threading import Event
from typing import Any

from wavetank.scenarios.run.report import STACK, Report
from wavetank.scenarios.run.runner import Digests, Runner, control_of
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.workload.workload import Workload

STACKS_A_CORE = 2
"""A run is at rest for about half of the time that it lasts, while batches fill and refused calls are tried again."""
MOST_STACKS = 8
"""A stack and its functions take about two thirds of a gigabyte."""

Controls = dict[Workload, Digests | None]
"""What the control of each workload left at rest; None of one that did not come to its end."""


def default_jobs(runs: int) -> int:
    """How many of so many runs are held at a time where nobody says: two for each core."""
    return min(runs, MOST_STACKS, STACKS_A_CORE * (os.process_cpu_count() or 1))


class EndedError(BaseException):
    """Nobody wants to know any more what comes of a run; not an error of it, which would be judged."""


class Pool[Worker]:
    """Workers, each of whom does one piece of work at a time.

    Of several no more than half do what waits by the wall clock, so that others go on beside it. over: set when nobody
    wants to know any more; what has not begun is not done then.
    """

    def __init__(self, workers: Sequence[Worker], over: Event | None = None) -> None:
        self.over = over or Event()
        self._free = SimpleQueue[Worker]()
        for worker in workers:
            self._free.put(worker)
        self._busy, self._waiting = (
            ThreadPoolExecutor(threads, thread_name_prefix="pool")
            for threads in (len(workers), max(1, len(workers) // 2))
        )

    def submit[Result](
        self, work: Callable[[Worker], Result], *, waits: bool = False, after: Future[Any] | None = None
    ) -> Future[Result]:
        """Have it done by whoever is free. after: a piece that was submitted before, and must have ended well."""

        def do() -> Result:
            if after is not None:
                after.result()
            worker = self._free.get()
            try:
                if self.over.is_set():
                    raise EndedError
                return work(worker)
            finally:
                self._free.put(worker)

        return (self._waiting if waits else self._busy).submit(do)

    def close(self, *, wait: bool = False) -> None:
        """Begin nothing more; `wait` until what was begun has ended."""
        self.over.set()
        for pool in (self._busy, self._waiting):
            pool.shutdown(wait=wait, cancel_futures=True)


def shared[Worker, Piece, Result](
    workers: Sequence[Worker], pieces: Iterable[Piece], work: Callable[[Worker, Piece], Result]
) -> Iterator[tuple[int, Result]]:
    """`work` of each piece by one of the workers: the number of each, from 0, and what came of it, as they are done.

    What `work` raises is raised here. Pieces that were not begun are not done then, nor when the iterator is closed or
    interrupted; those that were begun go on, without anybody waiting for them.
    """
    pool, ended = Pool(workers), SimpleQueue[Future[Result]]()

    def begin(piece: Piece) -> Future[Result]:
        return pool.submit(lambda worker: work(worker, piece))

    try:
        numbers = {begin(piece): number for number, piece in enumerate(pieces)}
        for begun in numbers:
            begun.add_done_callback(ended.put)
        for _ in numbers:
            done = ended.get()
            yield numbers[done], done.result()
    finally:
        pool.close()


def hold(
    runners: Sequence[Runner],
    drills: Sequence[Drill],
    seed: int,
    controls: Controls | None = None,
    *,
    stays: bool = False,
    over: Event | None = None,
) -> Iterator[Report]:
    """Run each drill and, once for each workload that is not among `controls`, its control; controls first.

    One report for each run, each control before the first drill of its workload, whoever runs them. Sites share
    nothing, so that what one drill breaks no other sees. Where the iterator is closed or interrupted no other run is
    begun, and those that were end: healed, where the stacks stay. Raises what `Runner.run` does.
    """
    over = over or Event()
    pool = Pool([replace(runner, progress=_until(over, runner)) for runner in runners], over)
    runs = list[Future[Report]]()
    try:
        runs += _begun(pool, drills, seed, {} if controls is None else controls)
        for run in runs:
            yield run.result()
    finally:
        over.set()
        if stays and any(run.running() for run in runs):
            runners[0].progress(STACK, "is being healed; another Ctrl-C leaves it as it is")
        pool.close(wait=stays)


def _begun(pool: Pool[Runner], drills: Sequence[Drill], seed: int, controls: Controls) -> list[Future[Report]]:
    """Every run, in the order of the reports."""

    def run_control(drill: Drill, runner: Runner) -> Report:
        report, controls[drill.workload] = runner.run(control_of(drill), seed, None)
        return report

    def run(drill: Drill, runner: Runner) -> Report:
        return runner.run(drill, seed, controls[drill.workload])[0]

    missing = {drill.workload: drill for drill in drills if drill.workload not in controls}
    begun = {workload: pool.submit(partial(run_control, drill)) for workload, drill in missing.items()}
    runs = dict[Future[Report], None]()
    for drill in drills:
        control = begun.get(drill.workload)
        if control is not None:
            runs[control] = None
        if not drill.is_control:
            runs[pool.submit(partial(run, drill), waits=drill.waits, after=control)] = None
    return list(runs)


def _until(over: Event, runner: Runner) -> Callable[[str, str], None]:
    """The runner's progress, by which a run ends that nobody wants to know of any more."""

    def progress(drill: str, what: str) -> None:
        if over.is_set():
            raise EndedError
        runner.progress(drill, what)

    return progress
