"""What CI systems read: JUnit XML, and the summary of a step of GitHub Actions."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from xml.etree.ElementTree import fromstring

import pytest

from tests.unit.scenarios.report.reports_example import LOSSY, UNSURE, WHOLE
from wavetank.scenarios.oracle.evidence import Finding, Judgement, Verdict
from wavetank.scenarios.report.ci import SUMMARY_VARIABLE, junit, markdown
from wavetank.scenarios.report.files import KEPT_FOR_S, Outputs, summarise

REPORTS = (LOSSY, WHOLE, UNSURE)


def test_in_junit_a_fail_is_a_failure_and_an_inconclusive_drill_an_error() -> None:
    suite = fromstring(junit(REPORTS)).find("testsuite")
    assert suite is not None
    assert [suite.get(name) for name in ("tests", "failures", "errors")] == ["3", "1", "1"]
    kinds = {case.get("name"): {child.tag for child in case} & {"failure", "error"} for case in suite.iter("testcase")}
    assert kinds == {"lossy": {"failure"}, "whole": set(), "unsure": {"error"}}


def test_in_junit_a_failure_says_what_is_wrong_and_how_to_repeat_it() -> None:
    failure = fromstring(junit(REPORTS)).find(".//failure")
    assert failure is not None
    assert failure.get("message") == "conservation: 1 click lost, such as <c1> & co | more"
    assert "wavetank drill lossy --seed 7" in (failure.text or "")


def test_junit_is_xml_whatever_a_checker_said() -> None:
    odd = replace(LOSSY, judgement=Judgement((Finding("content", Verdict.FAIL, "a\x00b\x1b[1m ]]> é"),), {}))
    failure = fromstring(junit([odd])).find(".//failure")
    assert failure is not None
    assert "a\\u0000b" in failure.attrib["message"]


def test_the_summary_is_a_row_for_each_drill_and_tells_what_did_not_pass() -> None:
    said = markdown(REPORTS)
    assert said.startswith("### wavetank drills: 1 fail, 1 inconclusive, 1 pass\n")
    assert "| lossy | ❌ fail | conservation; 1 lost | 4.6 | 2 | 4 | 3 |" in said
    assert "- **conservation**: 1 click lost, such as &lt;c1> &amp; co \\| more" in said
    assert "<summary>whole" not in said


def test_the_summary_is_added_to_what_is_there_and_only_where_github_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SUMMARY_VARIABLE, raising=False)
    summarise(REPORTS)
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv(SUMMARY_VARIABLE, str(summary))
    summarise(REPORTS)
    assert summary.read_text() == "before\n" + markdown(REPORTS)


def test_files_are_kept_up_to_date_but_not_written_anew_for_each_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("wavetank.scenarios.report.files.time", SimpleNamespace(monotonic=lambda: now[0]))
    file = tmp_path / "report.json"
    outputs = Outputs(json=file)

    def known() -> int:
        return len(json.loads(file.read_text())["drills"])

    outputs.keep([])
    outputs.keep(REPORTS[:1])
    assert known() == 0
    now[0] += KEPT_FOR_S + 1
    outputs.keep(REPORTS[:2])
    assert known() == 2
    outputs.write(REPORTS)
    assert known() == 3


def test_only_the_files_that_were_asked_for_are_written(tmp_path: Path) -> None:
    Outputs(html=tmp_path / "deep" / "report.html", junit=tmp_path / "junit.xml").write(REPORTS)
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"report.html", "junit.xml"}
