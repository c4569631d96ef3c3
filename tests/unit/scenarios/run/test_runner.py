"""A run that breaks off says what is known of it, and fails where nothing excuses the pipeline; each has its folder."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.scenarios.site_double import still_site
from wavetank.emulator.errors import NotSettled, Unreachable
from wavetank.emulator.faults.points import Action, Point
from wavetank.emulator.pending import Pending
from wavetank.scenarios.drills.catalogue import CONTROL, catalogue
from wavetank.scenarios.oracle.evidence import Verdict
from wavetank.scenarios.run.parallel import hold
from wavetank.scenarios.run.report import Report
from wavetank.scenarios.run.runner import Runner
from wavetank.scenarios.site.recovery import RedriveFailedError
from wavetank.scenarios.site.site import TickFailedError
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick
from wavetank.scenarios.workload.workload import Workload

WORKLOAD = Workload(events=20, hours=1, portions=1)
LOSSY = Fault("lossy", Point.S3_NOTIFICATION, Action.DROP)
DRILL = Drill("lossy", "Something goes wrong.", (LOSSY,), workload=WORKLOAD)
FIRED = [{"number": number, "fault": "lossy"} for number in (1, 2)]
NO_TICK = TickFailedError("the planner: it always raises")
RUNS = 8
NOT_SETTLED = NotSettled(120, [Pending("esm", "f", "a batch")])


def fails(name: str, error: Exception, after: int = 0) -> Callable[[str], None]:
    """What happens on a site where the thing of that name raises, except for the first times."""
    times = 0

    def happens(what: str) -> None:
        nonlocal times
        times += what == name
        if what == name and times > after:
            raise error

    return happens


def held(folder: Path, happens: Callable[[str], None], drill: Drill = DRILL) -> tuple[Report, Report]:
    """The reports of the control and of the drill."""
    control, report = hold([Runner(still_site(happens, FIRED), folder)], [drill], 1)
    return control, report


def said(report: Report) -> dict[str, tuple[Verdict, str]]:
    return {finding.checker: (finding.verdict, finding.detail) for finding in report.judgement.findings}


def test_a_scheduled_function_that_always_fails_makes_control_and_drill_fail(tmp_path: Path) -> None:
    for report in held(tmp_path, fails("planner", NO_TICK)):
        assert report.verdict is Verdict.FAIL
        verdict, detail = said(report)["run"]
        assert verdict is Verdict.FAIL
        assert "it always raises" in detail


def test_a_run_that_breaks_off_keeps_what_was_sent_and_what_fired(tmp_path: Path) -> None:
    _, report = held(tmp_path, fails("planner", NO_TICK))
    assert report.totals.attempted == report.totals.acknowledged == WORKLOAD.events
    assert report.fired == {"lossy": 2}
    kept = (report.folder / "history.jsonl").read_text().splitlines()
    assert sum("operation" in json.loads(line) for line in kept) == WORKLOAD.events
    assert any("it always raises" in line for line in kept)


@pytest.mark.parametrize(
    ("error", "checker"),
    [(NOT_SETTLED, "settled"), (RedriveFailedError("the stream refused"), "run"), (NO_TICK, "run")],
)
def test_what_the_pipeline_does_not_do_after_the_healing_is_its_failure(
    tmp_path: Path, error: Exception, checker: str
) -> None:
    """The run settles when it begins, after its one portion, and after the healing."""
    _, report = held(tmp_path, fails_in_the_drill("settle", error, after=2))
    assert said(report)[checker][0] is Verdict.FAIL


def fails_in_the_drill(name: str, error: Exception, after: int) -> Callable[[str], None]:
    """The same for the second run alone: a run begins with `empty`."""
    runs = 0
    happens = fails(name, error, after)

    def second(what: str) -> None:
        nonlocal runs
        runs += what == "empty"
        if runs == 2:
            happens(what)

    return second


def test_what_does_not_settle_while_the_nemeses_last_shows_nothing(tmp_path: Path) -> None:
    _, report = held(tmp_path, fails_in_the_drill("settle", NOT_SETTLED, after=0))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.fired == {"lossy": 2}


def test_a_control_that_does_not_settle_fails_since_it_has_no_nemeses(tmp_path: Path) -> None:
    control, _ = held(tmp_path, fails("settle", NOT_SETTLED, after=1))
    assert said(control)["settled"][0] is Verdict.FAIL


def test_a_site_that_is_not_quiet_when_the_run_begins_is_not_the_runs_failure(tmp_path: Path) -> None:
    control, _ = held(tmp_path, fails("settle", NOT_SETTLED))
    assert control.verdict is Verdict.INCONCLUSIVE


def test_a_stack_that_is_gone_shows_nothing(tmp_path: Path) -> None:
    _, report = held(tmp_path, fails("planner", Unreachable("nothing answers")))
    assert report.verdict is Verdict.INCONCLUSIVE


def test_a_look_that_failed_counts_though_the_run_breaks_off_after_it(tmp_path: Path) -> None:
    during = (Look("midway", (Expect("landed", at_least=1),)), Tick(Scheduled.REPLAYER))
    drill = Drill("looked", "It looks.", (LOSSY,), during, workload=WORKLOAD)
    _, report = held(tmp_path, fails("replayer", Unreachable("nothing answers")), drill)
    assert report.verdict is Verdict.FAIL
    assert said(report)["run"][0] is Verdict.INCONCLUSIVE
    assert said(report)["looks"][0] is Verdict.FAIL


def test_what_was_read_is_judged_though_the_run_breaks_off_after_it(tmp_path: Path) -> None:
    """The replayer runs once before what is at rest is read, and once after."""
    _, report = held(tmp_path, fails_in_the_drill("replayer", Unreachable("nothing answers"), after=1))
    assert said(report)["conservation"][0] is Verdict.FAIL
    assert said(report)["idempotence"][0] is Verdict.INCONCLUSIVE


def test_what_was_read_is_judged_though_the_stack_is_gone_then(tmp_path: Path) -> None:
    """Where there are no chunks the replayer runs twice in a run, the second time after what is at rest was read."""
    replays = 0

    def goes(what: str) -> None:
        nonlocal replays
        replays += what == "replayer"
        if replays == 4:
            site.stack.control.gone = True  # type: ignore[attr-defined]
            raise Unreachable("nothing answers")

    site = still_site(goes, FIRED)
    control, report = hold([Runner(site, tmp_path)], [DRILL], 1)
    assert "run" not in said(control)
    assert said(report)["conservation"][0] is Verdict.FAIL
    assert report.totals.lost == WORKLOAD.events
    assert "faults-fired" not in said(report)
    assert report.fired == {}


def test_a_control_that_broke_off_is_no_control(tmp_path: Path) -> None:
    first = fails("planner", NO_TICK)
    runs = 0

    def only_the_control(what: str) -> None:
        nonlocal runs
        runs += what == "empty"
        if runs == 1:
            first(what)

    _, report = held(tmp_path, only_the_control)
    verdict, detail = said(report)["same-as-control"]
    assert (verdict, "no control" in detail) == (Verdict.INCONCLUSIVE, True)


def test_a_run_that_breaks_off_is_healed(tmp_path: Path) -> None:
    site = still_site(fails("replayer", NO_TICK), FIRED)
    drill = Drill("ticks", "It ticks.", (LOSSY,), (Settle(), Tick(Scheduled.REPLAYER)), workload=WORKLOAD)
    reports = list(hold([Runner(site, tmp_path)], [drill], 1))
    assert len(reports) == 2
    assert site.stack.control.cleared >= 3  # type: ignore[attr-defined]


def test_a_run_that_is_interrupted_is_healed_and_ends_the_drills(tmp_path: Path) -> None:
    def interrupt(what: str) -> None:
        if what == "replayer":
            raise KeyboardInterrupt

    site = still_site(interrupt, FIRED)
    with pytest.raises(KeyboardInterrupt):
        list(hold([Runner(site, tmp_path)], [DRILL], 1))
    assert site.stack.control.cleared >= 2  # type: ignore[attr-defined]


def test_runs_that_end_within_a_second_share_no_folder(tmp_path: Path) -> None:
    control = replace(catalogue()[CONTROL], workload=WORKLOAD)
    runners = [Runner(still_site(lambda _: None), tmp_path / "runs") for _ in range(RUNS)]
    with ThreadPoolExecutor(RUNS) as pool:
        folders = list(pool.map(lambda runner: runner.run(control, 1, None)[0].folder, runners))
    assert len(set(folders)) == RUNS
    assert all((folder / "report.json").is_file() for folder in folders)
