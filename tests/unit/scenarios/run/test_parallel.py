"""Pieces of work are shared among workers that are free; drills side by side are reported as if one site held them."""

import os
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Event, Lock, Thread

import pytest

from tests.unit.scenarios.site_double import still_site
from wavetank.scenarios.oracle.evidence import Verdict
from wavetank.scenarios.run.parallel import MOST_STACKS, STACKS_A_CORE, Controls, default_jobs, hold, shared
from wavetank.scenarios.run.report import Report
from wavetank.scenarios.run.runner import Progress, Runner
from wavetank.scenarios.run.stages import Digests
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.spec.nemeses.producer import ProducerRepeats
from wavetank.scenarios.workload.workload import Workload

SMALL, SMALLER = Workload(events=20, hours=1, portions=1), Workload(events=10, hours=1, portions=1)
AGAIN = (ProducerRepeats(share=0.5),)
DRILLS = [
    Drill("first", "Something goes wrong.", AGAIN, workload=SMALL),
    Drill("second", "Something else goes wrong.", AGAIN, workload=SMALLER),
    Drill("third", "Something more goes wrong.", AGAIN, workload=SMALL),
]
LIMIT_S = 20


def held(folder: Path, sites: int) -> list[Report]:
    return list(hold(runners(folder, sites), DRILLS, 1))


def runners(folder: Path, number: int, progress: Progress = lambda _drill, _what: None) -> list[Runner]:
    return [Runner(still_site(lambda _: None), folder, progress) for _ in range(number)]


def told(reports: list[Report]) -> list[tuple[str, int, Verdict, dict[str, int]]]:
    return [(report.name, report.workload.events, report.verdict, dict(report.fired)) for report in reports]


@pytest.mark.parametrize("sites", [1, 2, 5])
def test_the_reports_and_their_order_do_not_depend_on_how_many_run_at_a_time(tmp_path: Path, sites: int) -> None:
    found = told(held(tmp_path, sites))
    assert found == told(held(tmp_path, 1))
    assert [name for name, *_ in found] == ["control of first", "first", "control of second", "second", "third"]


def test_several_sites_are_at_work_at_the_same_time(tmp_path: Path) -> None:
    meeting = Barrier(2, timeout=LIMIT_S)

    def meets(what: str) -> None:
        if what == "empty":
            meeting.wait()

    meeters = [Runner(still_site(meets), tmp_path) for _ in range(2)]
    drills = [Drill("control", "No faults.", workload=workload) for workload in (SMALL, SMALLER)]
    assert [report.name for report in hold(meeters, drills, 1)] == ["control", "control"]
    assert not meeting.broken


@pytest.mark.parametrize(("sites", "most"), [(1, 1), (2, 1), (4, 2), (5, 2)])
def test_what_waits_by_the_wall_clock_takes_no_more_than_half_of_the_sites(
    tmp_path: Path, sites: int, most: int
) -> None:
    lock, waiting = Lock(), list[str]()
    seen = [0]

    def progress(name: str, what: str) -> None:
        with lock:
            if name.startswith("waits") and what == "clean":
                waiting.append(name)
                seen.append(len(waiting))
            if name.startswith("waits") and what == "check":
                waiting.remove(name)

    drills = [replace(DRILLS[0], name=f"waits-{number}", waits=True) for number in range(6)]
    reports = list(hold(runners(tmp_path, sites, progress), [*DRILLS, *drills], 1))
    assert [report.name for report in reports][-6:] == [drill.name for drill in drills]
    assert 1 <= max(seen) <= most


def test_where_stacks_stay_a_run_that_nobody_waits_for_is_healed_and_no_other_is_begun(tmp_path: Path) -> None:
    underway, go_on, begun = Event(), Event(), set[str]()

    def progress(name: str, what: str) -> None:
        begun.add(name)
        if name == "first" and what.startswith("feed"):
            underway.set()
            assert go_on.wait(LIMIT_S)

    site = still_site(lambda _: None)
    later, over = replace(DRILLS[0], name="later"), Event()
    drills = [DRILLS[0], later, replace(later, name="waits", waits=True)]
    reports = hold([Runner(site, tmp_path, progress)], drills, 1, stays=True, over=over)
    assert next(reports).name == "control of first"
    assert underway.wait(LIMIT_S)
    healed = site.stack.control.cleared  # type: ignore[attr-defined]
    closing = Thread(target=reports.close)  # type: ignore[attr-defined]
    closing.start()
    assert over.wait(LIMIT_S)
    go_on.set()
    closing.join(LIMIT_S)
    assert begun == {"control of first", "first", "stack"}
    assert site.stack.control.cleared == healed + 1  # type: ignore[attr-defined]


def test_a_control_that_was_run_before_is_not_run_again(tmp_path: Path) -> None:
    controls = Controls()
    [runner] = runners(tmp_path, 1)
    names = [[report.name for report in hold([runner], [drill], 1, controls)] for drill in DRILLS]
    assert names == [["control of first", "first"], ["control of second", "second"], ["third"]]


def test_a_drill_that_ages_has_no_control(tmp_path: Path) -> None:
    [runner] = runners(tmp_path, 1)
    compared = dict[str, bool]()

    class Noting(Runner):
        def run(self, drill: Drill, seed: int, control: Digests | None) -> tuple[Report, Digests | None]:
            compared[drill.name] = control is not None
            return runner.run(replace(drill, ages=False), seed, control)[0], {}

    drills = [replace(DRILLS[0], ages=True), DRILLS[1]]
    names = [report.name for report in hold([Noting(runner.site, tmp_path)], drills, 1)]
    assert names == ["first", "control of second", "second"]
    assert compared == {"first": False, "control of second": False, "second": True}


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
