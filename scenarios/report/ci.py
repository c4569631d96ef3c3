"""Runs for CI: as JUnit XML, and as Markdown for the summary that GitHub Actions shows of a step.

In JUnit XML a drill is a test case; fail is a failure, inconclusive an error, and a drill that the stack cannot hold is
skipped. Control characters, most of which XML 1.0 does not admit (section 2.2), are written as
`scenarios.report.escaping` does.
"""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from wavetank.scenarios.oracle.evidence import Verdict
from wavetank.scenarios.report.escaping import printable
from wavetank.scenarios.report.html import verdicts
from wavetank.scenarios.run.report import Report
from wavetank.scenarios.run.skips import Skip

SUITE = "wavetank"
TAGS = {Verdict.FAIL: "failure", Verdict.INCONCLUSIVE: "error"}
SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
"""The file to append to (GitHub Docs, "Workflow commands", "Adding a job summary")."""
SIGNS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INCONCLUSIVE: "⚠️"}


def junit(reports: Sequence[Report], skips: Sequence[Skip] = ()) -> str:
    """The XML document."""
    counts = {tag: sum(report.verdict is verdict for report in reports) for verdict, tag in TAGS.items()}
    numbers = {
        "name": SUITE,
        "tests": str(len(reports) + len(skips)),
        "failures": str(counts["failure"]),
        "errors": str(counts["error"]),
        "skipped": str(len(skips)),
        "time": f"{sum(report.duration_s for report in reports):.3f}",
    }
    suites = Element("testsuites", numbers)
    suite = SubElement(suites, "testsuite", numbers)
    for report in reports:
        about = {"classname": f"{SUITE}.drills", "name": report.name, "time": f"{report.duration_s:.3f}"}
        case = SubElement(suite, "testcase", about)
        properties = SubElement(case, "properties")
        for name, value in (("seed", report.seed), ("fired", sum(report.fired.values())), ("command", report.command)):
            SubElement(properties, "property", {"name": name, "value": printable(str(value))})
        if report.verdict in TAGS:
            lines = [printable(f"{finding.checker}: {finding.detail}") for finding in report.not_passed]
            attributes = {"type": str(report.verdict), "message": "; ".join(lines)}
            text = "\n".join((*lines, report.command, str(report.folder)))
            SubElement(case, TAGS[report.verdict], attributes).text = text
        totals = ", ".join(f"{name} {number}" for name, number in report.totals.counts().items())
        SubElement(case, "system-out").text = printable(f"{report.hypothesis}\n{totals}\n{report.command}")
    for skip in skips:
        case = SubElement(suite, "testcase", {"classname": f"{SUITE}.drills", "name": skip.name, "time": "0.000"})
        SubElement(case, "skipped", {"message": printable(skip.reason)})
    indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def markdown(reports: Sequence[Report]) -> str:
    """A table of all runs; below it what did not pass, with the command that repeats it."""
    lines = [
        f"### wavetank drills: {verdicts(reports)}",
        "",
        "| drill | verdict | wrong | seconds | fired | acknowledged | landed |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for report in reports:
        counts = report.totals.counts()
        numbers = (sum(report.fired.values()), counts["acknowledged"], counts["landed"])
        cells = " | ".join(f"{number:,}" for number in numbers)
        verdict = f"{SIGNS[report.verdict]} {report.verdict}"
        row = (report.name, verdict, report.wrong or "none", f"{report.duration_s:.1f}", cells)
        lines.append(f"| {' | '.join(row)} |")
    lines.append("")
    for report in reports:
        if report.not_passed:
            lines += (f"<details open><summary>{report.name}: {report.verdict}</summary>", "")
            for finding in report.not_passed:
                detail = printable(finding.detail).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
                lines.append(f"- **{finding.checker}**: {' '.join(detail.split())}")
            lines += ("", "```console", f"$ {report.command}", "```", "", "</details>", "")
    return "\n".join(lines) + "\n"
