"""Runs as JUnit XML, which CI systems show: a drill is a test case; fail is a failure, inconclusive an error.

A drill that the stack cannot hold is skipped. Control characters, most of which XML 1.0 does not admit (section 2.2),
are written as `scenarios.report.escaping` does.
"""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from wavetank.scenarios.oracle.evidence import Verdict
from wavetank.scenarios.report.escaping import printable
from wavetank.scenarios.run.report import Report
from wavetank.scenarios.run.skips import Skip

SUITE = "wavetank"
TAGS = {Verdict.FAIL: "failure", Verdict.INCONCLUSIVE: "error"}


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
        _case(suite, report)
    for skip in skips:
        case = SubElement(suite, "testcase", {"classname": f"{SUITE}.drills", "name": skip.name, "time": "0.000"})
        SubElement(case, "skipped", {"message": printable(skip.reason)})
    indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def _case(suite: Element, report: Report) -> None:
    about = {"classname": f"{SUITE}.drills", "name": report.name, "time": f"{report.duration_s:.3f}"}
    case = SubElement(suite, "testcase", about)
    properties = SubElement(case, "properties")
    for name, value in (("seed", report.seed), ("fired", sum(report.fired.values())), ("command", report.command)):
        SubElement(properties, "property", {"name": name, "value": printable(str(value))})
    if report.verdict in TAGS:
        said = [printable(f"{found.checker}: {found.detail}") for found in report.not_passed]
        found = SubElement(case, TAGS[report.verdict], {"type": str(report.verdict), "message": "; ".join(said)})
        found.text = "\n".join((*said, report.command, str(report.folder)))
    counts = ", ".join(f"{name} {number}" for name, number in report.totals.counts().items())
    SubElement(case, "system-out").text = printable(f"{report.hypothesis}\n{counts}\n{report.command}")
