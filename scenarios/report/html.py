"""The page of all runs of a command: verdict, timeline, ledger by hop, findings, and the command that repeats each.

One file of HTML that stands alone: no script, and no style, font or picture from elsewhere.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from wavetank.scenarios.oracle.evidence import Verdict
from wavetank.scenarios.oracle.hops import Hop, losses, together
from wavetank.scenarios.oracle.ledger import total
from wavetank.scenarios.report.document import document
from wavetank.scenarios.report.escaping import in_html
from wavetank.scenarios.report.timeline_svg import figure
from wavetank.scenarios.run.report import WRONG, Report

OVERVIEW = ("attempted", "acknowledged", "landed")
HEADINGS = (*OVERVIEW, *WRONG)
ALL_TYPES = "all"


def page(reports: Sequence[Report], now: datetime) -> str:
    """The page of these runs, as of `now`."""
    sections = "\n".join(_section(number, report) for number, report in enumerate(reports, start=1))
    return document(
        f"wavetank drills: {verdicts(reports)}",
        f"<header><h1>wavetank drills</h1><p>{in_html(verdicts(reports))}</p>"
        f'<p class="soft">{now:%Y-%m-%d %H:%M} UTC, {sum(report.duration_s for report in reports):.0f} s of drills</p>'
        f"</header>\n<main>\n{_overview(reports)}\n{sections}\n</main>",
    )


def verdicts(reports: Sequence[Report]) -> str:
    """How many of each verdict, the worst first."""
    counts = Counter(report.verdict for report in reports)
    order = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in order if counts[verdict]) or "nothing was run"


def _overview(reports: Sequence[Report]) -> str:
    rows = ""
    for number, report in enumerate(reports, start=1):
        counts = report.totals.counts()
        rows += (
            f'<tr><th scope="row"><a href="#run-{number}">{in_html(report.name)}</a></th><td>{_verdict(report)}</td>'
            f"{f'<td class="wrong text">{in_html(report.wrong)}</td>' if report.wrong else '<td>none</td>'}"
            f"<td>{report.duration_s:.1f}</td><td>{sum(report.fired.values()):,}</td>"
            f"{''.join(f'<td>{counts[name]:,}</td>' for name in OVERVIEW)}</tr>"
        )
    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("drill", "verdict", "wrong", "seconds", "fired", *OVERVIEW)
    )
    return (
        '<div class="wide"><table class="drills"><caption>Verdicts, and the ledger of all event types together'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _section(number: int, report: Report) -> str:
    struck = ", ".join(f"{name} ×{times:,}" for name, times in report.fired.items())
    wrong = "".join(
        f'<li><strong class="{finding.verdict}">{in_html(finding.checker)}</strong>: {in_html(finding.detail)}</li>'
        for finding in report.not_passed
    )
    passed = [finding for finding in report.judgement.findings if finding.verdict is Verdict.PASS]
    right = "".join(f"<li>{in_html(finding.checker)}: {in_html(finding.detail)}</li>" for finding in passed)
    folded = f"<details><summary>{len(passed)} checks passed</summary><ul>{right}</ul></details>" if passed else ""
    parts = (
        f'<section id="run-{number}" aria-labelledby="run-{number}-name">',
        f'<div class="head"><h2 id="run-{number}-name">{in_html(report.name)}</h2>{_verdict(report)}</div>',
        f"<p>{in_html(report.hypothesis)}</p>",
        f'<p class="soft">{in_html(struck) or "no fault struck"}; seed {report.seed}, {report.duration_s:.1f} s</p>',
        (f"<ul>{wrong}</ul>" if wrong else "") + folded,
        "<h3>Timeline</h3>",
        figure(report.name, report.timeline) if report.timeline else "<p>No timeline: nothing is known of it.</p>",
        "<h3>Ledger</h3>",
        _ledger(report),
        "<h3>Ledger by hop</h3>",
        _by_hop(report),
        "<h3>Run it again</h3>",
        f"<pre><code>{in_html(report.command)}</code></pre>",
        f'<p class="soft">History and report: <code>{in_html(str(report.folder))}</code></p>',
        "</section>",
    )
    return "\n".join(part for part in parts if part)


def _ledger(report: Report) -> str:
    ledgers = {name: entry.ledger for name, entry in report.judgement.ledger.items()}
    if not ledgers:
        return "<p>No ledger: what is at rest could not be read.</p>"
    ledgers[ALL_TYPES] = total(report.judgement.ledger)
    head = "".join(f'<th scope="col">{name}</th>' for name in ("event type", *HEADINGS))
    rows = ""
    for name, ledger in ledgers.items():
        counts = ledger.counts()
        cells = "".join(
            f"<td{' class="wrong"' if heading in WRONG and counts[heading] else ''}>{counts[heading]:,}</td>"
            for heading in HEADINGS
        )
        rows += f'<tr><th scope="row">{in_html(name)}</th>{cells}</tr>'
    return (
        '<div class="wide"><table class="ledger"><caption>Where every event is, by its id</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _by_hop(report: Report) -> str:
    """A table of how many events arrived at each hop, and copies of them, and where the missing ones were lost."""
    passages = report.judgement.passages
    if not passages:
        return "<p>No ledger by hop: what came to the hops could not be read.</p>"
    seen = report.timeline.seen() if report.timeline else {}
    head = "".join(f'<th scope="col">{in_html(name)}</th>' for name in ("event type", *Hop))
    rows = ""
    for name, passage in passages.items():
        gaps = {gap.before for gap in passage.gaps}
        rows += f'<tr><th scope="row">{in_html(name)}</th>'
        for hop, number in passage.arrived.items():
            copies = seen.get(name, {}).get(hop, 0) - number
            soft = f'<span class="soft"> +{copies:,}</span>' if copies > 0 else ""
            rows += f"<td{' class="wrong"' if hop in gaps else ''}>{number:,}{soft}</td>"
        rows += "</tr>"
    every = "".join(f"<td>{number:,}</td>" for number in together(passages.values()).values())
    rows += f'<tr><th scope="row">{ALL_TYPES}</th>{every}</tr>'
    lost = "".join(f'<li class="fail">{in_html(loss)}</li>' for loss in losses(passages, tuple(Hop)))
    return (
        '<div class="wide"><table class="hops"><caption>Events at each hop, by their id; copies behind a +</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{f'<ul>{lost}</ul>' if lost else ''}"
    )


def _verdict(report: Report) -> str:
    return f'<span class="verdict {report.verdict}">{report.verdict}</span>'
