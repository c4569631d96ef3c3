"""Runs as Markdown, for the summary that GitHub Actions shows of a step."""

from collections.abc import Iterator, Sequence

from scenarios.oracle.evidence import Verdict
from scenarios.report.escaping import printable
from scenarios.report.html import verdicts
from scenarios.report.terminal import WRONG
from scenarios.run.report import Report

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
        if report.troubles:
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
    yield from (f"- **{found.checker}**: {_inline(found.detail)}" for found in report.troubles)
    yield from ("", "```console", f"$ {report.command}", "```", "", "</details>", "")


def _inline(text: str) -> str:
    """The text as Markdown shows it literally, on one line."""
    return " ".join(printable(text).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|").split())
