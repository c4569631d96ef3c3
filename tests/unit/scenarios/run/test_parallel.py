"""Drills that run side by side are reported as if one site had held them, each after its control."""

from dataclasses import replace
from pathlib import Path
from threading import Barrier, Event, Lock, Thread

import pytest

from tests.unit.scenarios.site_double import still_site
from wavetank.scenarios.oracle.evidence import Verdict
from wavetank.scenarios.run.parallel import Controls, hold
from wavetank.scenarios.run.report import Report
from wavetank.scenarios.run.runner import Progress, Runner
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
    assert [name for name, *_ in found] == ["control", "first", "control", "second", "third"]


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
    assert next(reports).name == "control"
    assert underway.wait(LIMIT_S)
    healed = site.stack.control.cleared  # type: ignore[attr-defined]
    closing = Thread(target=reports.close)  # type: ignore[attr-defined]
    closing.start()
    assert over.wait(LIMIT_S)
    go_on.set()
    closing.join(LIMIT_S)
    assert begun == {"control", "first", "stack"}
    assert site.stack.control.cleared == healed + 1  # type: ignore[attr-defined]


def test_a_control_that_was_run_before_is_not_run_again(tmp_path: Path) -> None:
    controls = Controls()
    [runner] = runners(tmp_path, 1)
    names = [[report.name for report in hold([runner], [drill], 1, controls)] for drill in DRILLS]
    assert names == [["control", "first"], ["control", "second"], ["third"]]
