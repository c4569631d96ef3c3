"""A report says everything of a run as plain data; the exit code is that of the worst verdict."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tests.unit.scenarios.report.reports_example import LOSSY, UNSURE, WHOLE
from wavetank.scenarios.drills.catalogue import catalogue
from wavetank.scenarios.oracle.evidence import Finding, Judgement, Verdict, failed
from wavetank.scenarios.oracle.ledger import Entry, Ledger
from wavetank.scenarios.report.terminal import RunDisplay, table
from wavetank.scenarios.run.report import WRONG, Report, document, exit_code
from wavetank.scenarios.run.runner import control_of
from wavetank.scenarios.workload.workload import Workload

LEDGERS = {"click": Entry(Ledger(attempted=4, acknowledged=4, landed=3, lost=1), {"lost": ("c1",)})}
FINDINGS = (
    Finding("uniqueness", Verdict.PASS, "none"),
    Finding("conservation", Verdict.FAIL, "1 click lost"),
)
REPORT = Report(
    "lossy",
    7,
    Workload(events=4),
    1.23456,
    {"drop": 2, "twice": 1},
    Judgement(FINDINGS, LEDGERS),
    Path("runs/x"),
)


def judged(verdict: Verdict) -> Report:
    return replace(REPORT, judgement=Judgement((Finding("some", verdict, ""),), LEDGERS))


def test_the_document_has_name_verdict_seed_duration_fired_and_every_count_of_the_ledger() -> None:
    (said,) = json.loads(json.dumps(document([REPORT])))["drills"]
    assert (said["name"], said["verdict"], said["seed"]) == ("lossy", "fail", 7)
    assert (said["duration_s"], said["fired"], said["faults"]) == (1.235, 3, {"drop": 2, "twice": 1})
    assert said["ledger"] == {"click": LEDGERS["click"].ledger.counts()}
    assert said["ledger"]["click"] | {"landed": 3, "lost": 1} == said["ledger"]["click"]
    assert said["findings"][1] == {"checker": "conservation", "verdict": "fail", "detail": "1 click lost"}


def test_the_document_says_how_many_lines_of_the_workload_were_not_used_and_why() -> None:
    part = replace(REPORT, unused={"not-json": 3, "missing-id": 1}).document()["workload"]
    assert part["unused_lines"] == 4
    assert part["unused_by_reason"] == {"not-json": 3, "missing-id": 1}
    assert REPORT.document()["workload"]["unused_lines"] == 0


@pytest.mark.parametrize("name", [drill.name for drill in catalogue().values() if not drill.ages])
def test_the_command_of_a_control_runs_it_on_its_own_workload(name: str) -> None:
    control = control_of(catalogue()[name])
    words = replace(REPORT, name=control.name, workload=control.workload).command.split()
    assert words[:2] == ["wavetank", "drill"]
    assert words[3:] == ["--seed", "7"]
    assert catalogue()[words[2]].workload == catalogue()[name].workload


def test_no_two_controls_of_different_workloads_have_one_name() -> None:
    controls = {drill.workload: control_of(drill).name for drill in catalogue().values() if not drill.ages}
    assert len(set(controls.values())) == len(controls)


def test_a_report_says_which_checker_failed_and_counts_events_not_copies() -> None:
    twice = Entry(Ledger(landed=2, duplicated=5), dict.fromkeys(WRONG, ()) | {"duplicated": ("a", "a", "a", "a", "b")})
    findings = (failed("idempotence", "2 files differ"), failed("uniqueness", "5 copies"))
    report = replace(REPORT, judgement=Judgement(findings, {"click": twice}))
    assert report.wrong == "idempotence, uniqueness; 2 duplicated"
    assert replace(report, judgement=Judgement(findings[:1], {})).wrong == "idempotence"


@pytest.mark.parametrize("columns", [80, 100, 200])
def test_the_table_never_cuts_what_is_wrong(columns: int) -> None:
    out = Console(width=columns, record=True, file=StringIO())
    report = replace(REPORT, judgement=Judgement((failed("idempotence", "2 files differ"),), {}))
    out.print(table([report]))
    assert "idempotence" in out.export_text()


def test_the_command_of_a_control_on_a_file_names_the_control_and_the_file() -> None:
    workload = Workload(4, source=Path("in.ndjson"), mapping=Path("in.toml"))
    said = replace(REPORT, name="control", workload=workload).command
    assert said == "wavetank drill control --seed 7 --input in.ndjson --mapping in.toml --events 4"


def test_the_document_has_the_ledger_by_hop() -> None:
    said = LOSSY.document()["ledger_by_hop"]["click"]
    assert (said["arrived"]["parts"], said["arrived"]["merged"]) == (4, 3)
    assert said["lost"] == [{"after": "parts", "before": "merged", "events": 1}]


def test_the_terminal_tells_the_ledger_by_hop_in_a_line() -> None:
    out = Console(width=120, record=True, file=StringIO())
    with RunDisplay(out) as display:
        for report in (WHOLE, LOSSY, UNSURE):
            display.ended(report)
    told = [line for line in out.export_text().splitlines() if line.endswith(("×2", "hop", "Parquet"))]
    whole, lossy, by_hop, unsure = told
    assert whole.endswith("drop ×2; 4 events at every hop")
    assert lossy.endswith("drop ×2")
    assert by_hop.endswith("4 parts → 3 merged → 3 Parquet")
    assert unsure.endswith("drop ×2")


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ((Verdict.PASS, Verdict.PASS), 0),
        ((Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE), 1),
        ((Verdict.PASS, Verdict.INCONCLUSIVE), 3),
        ((), 3),
    ],
)
def test_the_exit_code_is_that_of_the_worst_verdict(verdicts: tuple[Verdict, ...], code: int) -> None:
    assert exit_code(verdicts) == code


def test_the_terminal_does_not_say_no_faults_of_a_drill_of_which_it_is_not_known_what_fired() -> None:
    out = Console(width=120, record=True, file=StringIO())
    with RunDisplay(out) as display:
        display.ended(replace(REPORT, fired={}))
    assert "faults unknown" in out.export_text()


def test_the_terminal_names_what_did_not_pass_and_what_is_wrong() -> None:
    out = Console(width=120, record=True, file=StringIO())
    with RunDisplay(out) as display:
        display.now("lossy", "feed")
        display.ended(REPORT)
    out.print(table([REPORT, judged(Verdict.PASS)]))
    text = out.export_text()
    assert "conservation: 1 click lost" in text
    assert "drop ×2, twice ×1" in text
    assert "1 lost" in text
    assert "uniqueness" not in text
