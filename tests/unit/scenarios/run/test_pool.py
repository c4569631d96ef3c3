"""Pieces of work are shared among those who are free, and told as they are done."""

import os
from threading import Barrier, Event, Lock

import pytest

from wavetank.scenarios.run.parallel import MOST_STACKS, STACKS_A_CORE, default_jobs, shared

LIMIT_S = 20


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_each_piece_is_done_once_and_nobody_does_two_at_a_time(workers: int) -> None:
    busy = [Lock() for _ in range(workers)]

    def work(worker: int, piece: int) -> int:
        assert busy[worker].acquire(blocking=False)
        Event().wait(0.002)
        busy[worker].release()
        return piece * piece

    done = list(shared(range(workers), range(40), work))
    assert sorted(done) == [(piece, piece * piece) for piece in range(40)]


def test_what_is_done_is_told_though_a_piece_before_it_is_not() -> None:
    told = Event()

    def work(_worker: str, piece: int) -> int:
        assert piece or told.wait(LIMIT_S)
        return piece

    results = shared("ab", range(4), work)
    assert [next(results) for _ in range(3)] == [(1, 1), (2, 2), (3, 3)]
    told.set()
    assert list(results) == [(0, 0)]


def test_several_are_at_work_at_the_same_time() -> None:
    meeting = Barrier(3, timeout=LIMIT_S)
    done = list(shared("abc", range(3), lambda worker, _: (meeting.wait(), worker)[1]))
    assert sorted(worker for _, worker in done) == ["a", "b", "c"]


def test_after_a_piece_that_failed_those_that_were_not_begun_are_not_done() -> None:
    begun, failed = list[int](), Event()

    def work(_worker: str, piece: int) -> int:
        begun.append(piece)
        assert piece < 2 or failed.wait(LIMIT_S)
        return 1 // piece

    results = shared("a", [1, 0, 2, 3, 4], work)
    assert next(results) == (0, 1)
    with pytest.raises(ZeroDivisionError):
        next(results)
    failed.set()
    assert begun in ([1, 0], [1, 0, 2])


def test_unless_somebody_says_two_runs_are_held_for_each_core_and_no_more_than_there_are() -> None:
    assert [default_jobs(number) for number in (0, 1)] == [0, 1]
    assert default_jobs(1_000) == min(MOST_STACKS, STACKS_A_CORE * (os.process_cpu_count() or 1))
