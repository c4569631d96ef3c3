"""Work on several stacks: each piece is done on a stack that is free; `hold` has the runs of drills held so.

`own_stacks` starts stacks for it, with the pipeline deployed on them.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import Any

from wavetank.emulator.deploy.deploy import Templates
from wavetank.emulator.stack.stack import EmbeddedStack, Stack
from wavetank.scenarios.run.event_types import ad_stream_schemas
from wavetank.scenarios.run.report import STACK, Report
from wavetank.scenarios.run.runner import Runner, control_of
from wavetank.scenarios.run.stages import Digests
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.site.waiting import Controlled
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.workload.workload import Workload

STACKS_A_CORE = 2
"""A run is at rest for about half of the time that it lasts, while batches fill and refused calls are tried again."""
MOST_STACKS = 8
"""A stack and its functions take about two thirds of a gigabyte."""

Controls = dict[Workload, Digests | None]
"""The digests that the control of each workload left at rest; None of a control that did not come to its end."""


def default_jobs(runs: int) -> int:
    """The number of runs that are held at a time by default, of so many: two for each core."""
    return min(runs, MOST_STACKS, STACKS_A_CORE * (os.process_cpu_count() or 1))


class EndedError(BaseException):
    """The result of a run is no longer wanted. A BaseException, so that it is not judged as the run's failure."""


class Pool[Worker]:
    """Workers, each of which does one piece of work at a time.

    Of several no more than half do what waits by the wall clock, so that others go on beside it. over: set when results
    are no longer wanted; what has not begun is not done then.
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
        """Have work done by a worker that is free. after: a piece submitted before, which must have ended well."""

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
    interrupted; those that were begun go on, and are not waited for.
    """
    pool, ended = Pool(workers), SimpleQueue[Future[Result]]()

    def do(piece: Piece, worker: Worker) -> Result:
        return work(worker, piece)

    try:
        numbers = {pool.submit(partial(do, piece)): number for number, piece in enumerate(pieces)}
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

    A drill that ages has none.

    One report for each run, each control before the first drill of its workload, on whatever site. Sites share
    nothing, so that what one drill breaks no other sees. Where the iterator is closed or interrupted no other run is
    begun, and those that were end: healed, where the stacks stay. Raises what `Runner.run` does.
    """
    over = over or Event()

    def until_over(runner: Runner, drill: str, activity: str) -> None:
        if over.is_set():
            raise EndedError
        runner.progress(drill, activity)

    pool = Pool([replace(runner, progress=partial(until_over, runner)) for runner in runners], over)
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
        return runner.run(drill, seed, None if drill.ages else controls[drill.workload])[0]

    missing: dict[Workload, Drill] = {}
    for drill in sorted(drills, key=lambda drill: not drill.is_control):
        if drill.workload not in controls and not drill.ages:
            missing.setdefault(drill.workload, drill)
    begun = {workload: pool.submit(partial(run_control, drill)) for workload, drill in missing.items()}
    runs = dict[Future[Report], None]()
    for drill in drills:
        control = None if drill.ages else begun.get(drill.workload)
        if control is not None:
            runs[control] = None
        if not drill.is_control:
            runs[pool.submit(partial(run, drill), waits=drill.waits, after=control)] = None
    return list(runs)


@contextmanager
def own_stacks(
    number: int,
    now: Callable[[str, str], None],
    *,
    docker: bool = False,
    eager: bool = False,
    schemas: Path | None = None,
    templates: Templates | None = None,
) -> Iterator[list[Site]]:
    """Sites on so many stacks of their own, which end with the block; `now` is told how far they are.

    docker: the stacks are containers. eager: see `Controlled`. schemas: the folder to deploy from, None for that of the
    ad stream. templates: see `Site.deployed_on`. Raises StackError, DeployFailed.
    """
    up: Callable[[], AbstractContextManager[Stack]] = EmbeddedStack.up
    if docker:
        from wavetank.emulator.container import DockerStack

        up = DockerStack.up
    folder = schemas or ad_stream_schemas()
    with ExitStack() as stacks:

        def start() -> Site:
            stack = stacks.enter_context(up())
            waiting = Controlled(eager)
            return Site.deployed_on(
                stack, lambda what: now(STACK, f"deploying {what}"), waiting, schemas=folder, templates=templates
            )

        now(STACK, "starting")
        with ThreadPoolExecutor(number, thread_name_prefix="start") as pool:
            starts = [pool.submit(start) for _ in range(number)]
        yield [started.result() for started in starts]
