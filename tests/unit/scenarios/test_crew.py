"""Drills that run side by side are reported as if one site had held them, each after its control."""

from pathlib import Path
from threading import Barrier

import pytest

from scenarios.crew import Crew
from scenarios.drill import Drill, Workload
from scenarios.evidence import Verdict
from scenarios.report import Report
from scenarios.runner import Runner
from scenarios.schedules import ProducerRepeats
from tests.unit.scenarios.site_double import still_site

SMALL, SMALLER = Workload(events=20, hours=1, portions=1), Workload(events=10, hours=1, portions=1)
AGAIN = (ProducerRepeats(share=0.5),)
DRILLS = [
    Drill("first", "Something goes wrong.", AGAIN, workload=SMALL),
    Drill("second", "Something else goes wrong.", AGAIN, workload=SMALLER),
    Drill("third", "Something more goes wrong.", AGAIN, workload=SMALL),
]
LIMIT_S = 20


def held(folder: Path, sites: int) -> list[Report]:
    crew = Crew([still_site(lambda _: None) for _ in range(sites)], folder)
    return list(crew.hold(DRILLS, 1))


def told(reports: list[Report]) -> list[tuple[str, int, Verdict, dict[str, int]]]:
    return [(report.name, report.workload.events, report.verdict, dict(report.fired)) for report in reports]


@pytest.mark.parametrize("sites", [1, 2, 5])
def test_the_reports_and_their_order_do_not_depend_on_how_many_run_at_a_time(tmp_path: Path, sites: int) -> None:
    alone = Runner(still_site(lambda _: None), tmp_path).hold(DRILLS, 1)
    found = told(held(tmp_path, sites))
    assert found == told(list(alone))
    assert [name for name, *_ in found] == ["control", "first", "control", "second", "third"]


def test_several_sites_are_at_work_at_the_same_time(tmp_path: Path) -> None:
    meeting = Barrier(2, timeout=LIMIT_S)

    def meets(what: str) -> None:
        if what == "empty":
            meeting.wait()

    sites = [still_site(meets), still_site(meets)]
    drills = [Drill("control", "No faults.", workload=workload) for workload in (SMALL, SMALLER)]
    assert [report.name for report in Crew(sites, tmp_path).hold(drills, 1)] == ["control", "control"]
    assert not meeting.broken
