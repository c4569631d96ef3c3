"""Draws a timeline as a figure of HTML and SVG: a row for each hop and each fault, on one axis of seconds.

The shapes stretch with the page and the words do not, so that it can be read on a phone. Every drawing has a title and
a description, and the numbers follow as a table. No script, nothing from elsewhere.
"""

from collections.abc import Iterable, Iterator

from wavetank.scenarios.oracle.hops import Hop
from wavetank.scenarios.oracle.timeline import HEAL, INJECT, Timeline
from wavetank.scenarios.report.escaping import in_html

WIDTH = 1_000
"""Units of a drawing from the first to the last second."""
HEIGHT = 40
MOST_TICKS = 8
STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
LIKE_A_LINE = 2


def figure(name: str, timeline: Timeline) -> str:
    """The timeline of the drill `name`."""
    if not timeline.arrivals and not timeline.strikes:
        return f"<p>No timeline: {in_html(timeline.problem or 'nothing was sent')}.</p>"
    rows = "\n".join((*_hops(timeline), *_faults(timeline)))
    problem = f"<p>Incomplete: {in_html(timeline.problem)}.</p>" if timeline.problem else ""
    return (
        f'<figure class="timeline" aria-label="timeline of {in_html(name)}">\n{rows}\n{_axis(timeline)}\n'
        f"<figcaption>{_caption(timeline)}</figcaption>\n</figure>\n{problem}{_table(timeline)}"
    )


def _hops(timeline: Timeline) -> Iterator[str]:
    for hop in Hop:
        rates = timeline.rates(hop)
        peak = max(rates)
        said = f"{sum(rates):,} events, at most {peak:,} in a second"
        bars = "".join(_bar(timeline, second, rate / peak) for second, rate in enumerate(rates) if rate)
        yield _row(timeline, str(hop), said, bars, f"{peak:,}/s", "hop")


def _faults(timeline: Timeline) -> Iterator[str]:
    for fault, times in timeline.struck().items():
        when = f"between second {min(times):.1f} and second {max(times):.1f}"
        places = sorted({round(_x(timeline, at_s) / LIKE_A_LINE) * LIKE_A_LINE for at_s in times})
        lines = "".join(f'<path class="strike" d="M{x} 4V{HEIGHT - 4}"/>' for x in places)
        yield _row(timeline, fault, f"struck {len(times):,} times, {when}", lines, f"×{len(times):,}", "fault")


def _row(timeline: Timeline, name: str, said: str, shapes: str, figure_: str, kind: str) -> str:
    return (
        f'<div class="row {kind}"><span class="name">{in_html(name)}</span>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img">'
        f"<title>{in_html(name)}</title><desc>{in_html(said)}</desc>"
        f'{_behind(timeline)}{shapes}<path class="ground" d="M0 {HEIGHT}H{WIDTH}"/></svg>'
        f'<span class="figure">{figure_}</span></div>'
    )


def _behind(timeline: Timeline) -> str:
    """The time during which the nemeses lasted, the healing, and the convergence."""
    injected, heal, converged = timeline.first(INJECT), timeline.first(HEAL), timeline.converged_s
    shapes = ""
    if injected is not None and timeline.strikes:
        left = _x(timeline, injected)
        right = _x(timeline, heal if heal is not None else timeline.duration_s)
        shapes += f'<path class="injected" d="M{left} 0H{right}V{HEIGHT}H{left}z"/>'
    for kind, at_s in (("heal", heal if timeline.strikes else None), ("converged", converged)):
        shapes += f'<path class="{kind}" d="M{_x(timeline, at_s)} 0V{HEIGHT}"/>' if at_s is not None else ""
    return shapes


def _bar(timeline: Timeline, second: int, share: float) -> str:
    left, right = _x(timeline, second), _x(timeline, second + 1)
    return f'<path class="bar" d="M{left} {HEIGHT}V{HEIGHT * (1 - share * 0.92):.1f}H{right - 1}V{HEIGHT}z"/>'


def _axis(timeline: Timeline) -> str:
    step = next((step for step in STEPS if timeline.seconds / step <= MOST_TICKS), STEPS[-1])
    ticks = "".join(
        f'<span style="left:{100 * second / timeline.seconds:.2f}%">{second}</span>'
        for second in range(0, timeline.seconds, step)
    )
    return f'<div class="row axis" aria-hidden="true"><span></span><div>{ticks}</div><span>seconds</span></div>'


def _caption(timeline: Timeline) -> str:
    """The key to the colours, with the moments in words."""
    heal, converged = timeline.first(HEAL), timeline.converged_s
    said = ['<span class="key bar">events in each second</span>']
    if timeline.strikes:
        said += ['<span class="key strike">a fault strikes</span>', '<span class="key injected">faults are set</span>']
    if heal is not None and timeline.strikes:
        said.append(f'<span class="key heal">healed at {heal:.1f} s</span>')
    if converged is not None:
        after = (
            f", {max(0.0, converged - heal):.1f} s after the healing" if heal is not None and timeline.strikes else ""
        )
        said.append(f'<span class="key converged">last change at rest at {converged:.1f} s{after}</span>')
    return " ".join(said)


def _table(timeline: Timeline) -> str:
    head = "".join(f'<th scope="col">{in_html(hop)}</th>' for hop in Hop)
    columns = [timeline.rates(hop) for hop in Hop]
    body = "".join(
        f'<tr><th scope="row">{second}</th>{_cells(column[second] for column in columns)}</tr>'
        for second in range(timeline.seconds)
    )
    marks = "".join(
        f"<tr><th scope='row'>{mark.at_s:.2f}</th><td>{in_html(f'{mark.what} {mark.detail}'.strip())}</td></tr>"
        for mark in timeline.marks
    )
    return (
        "<details><summary>The timeline in numbers</summary>"
        f'<div class="wide"><table><caption>Events in each second, by hop</caption><thead><tr><th scope="col">second'
        f"</th>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        '<div class="wide"><table class="marks"><caption>What the drill did</caption><thead><tr><th scope="col">second'
        f'</th><th scope="col">what</th></tr></thead><tbody>{marks}</tbody></table></div></details>'
    )


def _cells(numbers: Iterable[int]) -> str:
    return "".join(f"<td>{number:,}</td>" for number in numbers)


def _x(timeline: Timeline, at_s: float) -> int:
    return round(WIDTH * min(max(at_s, 0.0), timeline.seconds) / timeline.seconds)
