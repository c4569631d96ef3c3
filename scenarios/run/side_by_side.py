"""Work that several share, such as runs on several stacks: each piece is done by whoever is free."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue

STACKS_A_CORE = 2
"""A run is at rest for about half of the time that it lasts, while batches fill and refused calls are tried again."""
MOST_STACKS = 8
"""A stack and its functions take about two thirds of a gigabyte."""


def at_once(runs: int) -> int:
    """How many of so many runs are held at a time where nobody says: two for each core."""
    return min(runs, MOST_STACKS, STACKS_A_CORE * (os.process_cpu_count() or 1))


class Free[Worker]:
    """Those of several workers who are free."""

    def __init__(self, workers: Iterable[Worker]) -> None:
        self._workers = SimpleQueue[Worker]()
        for worker in workers:
            self._workers.put(worker)

    @contextmanager
    def one(self) -> Iterator[Worker]:
        """One of them, who is not free for the length of the block; waits until one is."""
        worker = self._workers.get()
        try:
            yield worker
        finally:
            self._workers.put(worker)


def shared[Worker, Piece, Done](
    workers: Sequence[Worker], pieces: Iterable[Piece], work: Callable[[Worker, Piece], Done]
) -> Iterator[tuple[int, Done]]:
    """`work` of each piece by one of the workers, each of whom does one at a time.

    The number of each piece, from 0, and what came of it, as they are done. What `work` raises is raised here. Pieces
    that were not begun are not done then, nor when the iterator is closed or interrupted; those that were begun go on,
    without anybody waiting for them.
    """
    free = Free(workers)

    def do(piece: Piece) -> Done:
        with free.one() as worker:
            return work(worker, piece)

    pool, ended = ThreadPoolExecutor(len(workers), thread_name_prefix="shared"), SimpleQueue[Future[Done]]()
    try:
        numbers = {pool.submit(do, piece): number for number, piece in enumerate(pieces)}
        for begun in numbers:
            begun.add_done_callback(ended.put)
        for _ in numbers:
            done = ended.get()
            yield numbers[done], done.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
