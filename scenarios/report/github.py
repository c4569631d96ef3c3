"""Runs as Markdown, for the summary that GitHub Actions shows of a step."""

from collections.abc import Iterator, Sequence

from wavetank.scenarios.oracle.evidence import Verdict
from wavetank.scenarios.report.escaping import printable
from wavetank.scenarios.report.html import verdicts
from wavetank.scenarios.report.terminal import WRONG
from wavetank.scenarios.run.report import Report

VARIABLE = "GITHUB_STEP_SUMMARY"
"""Names the file to append to (GitHub Docs, "Workflow commands", "Adding a job summary")."""
SIGNS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INCONCLUSIVE: "⚠️"}


def markdown(reports: Sequence[Report]) -> str:
    """A table of all runs; below it what did not pass, with the command that repeats it."""
    lines = [
        f"### wavetank drills: {verdicts(reports)}",
        "",
        "| drill | verdict | seconds | fired | acknowledged | landed | wrong |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- |",
        *(_row(report) for report in reports),
        "",
    ]
    for report in reports:
        if report.not_passed:
            lines += _trouble(report)
    return "\n".join(lines) + "\n"


def _row(report: Report) -> str:
    counts = report.totals.counts()
    wrong = ", ".join(f"{counts[name]:,} {name}" for name in WRONG if counts[name]) or "none"
    numbers = (sum(report.fired.values()), counts["acknowledged"], counts["landed"])
    told = " | ".join(f"{number:,}" for number in numbers)
    verdict = f"{SIGNS[report.verdict]} {report.verdict}"
    return f"| {report.name} | {verdict} | {report.duration_s:.1f} | {told} | {wrong} |"


def _trouble(report: Report) -> Iterator[str]:
    yield from (f"<details open><summary>{report.name}: {report.verdict}</summary>", "")
    yield from (f"- **{found.checker}**: {_inline(found.detail)}" for found in report.not_passed)
    yield from ("", "```console", f"$ {report.command}", "```", "", "</details>", "")


def _inline(text: str) -> str:
    """The text as Markdown shows it literally, on one line."""
    return " ".join(printable(text).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|").split())
