"""A timeline as a figure of HTML and SVG: a row for each hop and each fault, on one axis of seconds.

The shapes stretch with the page and the words do not, so that it can be read on a phone. Every drawing has a title and
a description, and the numbers follow as a table. No script, nothing from elsewhere.
"""

from collections.abc import Iterator

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
    rows = "\n".join(_rows(timeline))
    step = next((step for step in STEPS if timeline.seconds / step <= MOST_TICKS), STEPS[-1])
    ticks = "".join(
        f'<span style="left:{100 * second / timeline.seconds:.2f}%">{second}</span>'
        for second in range(0, timeline.seconds, step)
    )
    axis = f'<div class="row axis" aria-hidden="true"><span></span><div>{ticks}</div><span>seconds</span></div>'
    heal, converged = timeline.first(HEAL), timeline.converged_s
    keys = ['<span class="key bar">events in each second</span>']
    if timeline.strikes:
        keys += ['<span class="key strike">a fault strikes</span>', '<span class="key injected">faults are set</span>']
    if heal is not None and timeline.strikes:
        keys.append(f'<span class="key heal">healed at {heal:.1f} s</span>')
    if converged is not None:
        after = (
            f", {max(0.0, converged - heal):.1f} s after the healing" if heal is not None and timeline.strikes else ""
        )
        keys.append(f'<span class="key converged">last change at rest at {converged:.1f} s{after}</span>')
    problem = f"<p>Incomplete: {in_html(timeline.problem)}.</p>" if timeline.problem else ""
    return (
        f'<figure class="timeline" aria-label="timeline of {in_html(name)}">\n{rows}\n{axis}\n'
        f"<figcaption>{' '.join(keys)}</figcaption>\n</figure>\n{problem}{_table(timeline)}"
    )


def _rows(timeline: Timeline) -> Iterator[str]:
    """A row for each hop, with a bar for each second, and for each fault, with a line where it struck."""
    for hop in Hop:
        rates = timeline.rates(hop)
        peak = max(rates)
        bars = ""
        for second, rate in enumerate(rates):
            if rate:
                begin, end, top = _x(timeline, second), _x(timeline, second + 1), HEIGHT * (1 - rate / peak * 0.92)
                bars += f'<path class="bar" d="M{begin} {HEIGHT}V{top:.1f}H{end - 1}V{HEIGHT}z"/>'
        description = f"{sum(rates):,} events, at most {peak:,} in a second"
        yield _row(timeline, str(hop), description=description, shapes=bars, label=f"{peak:,}/s", kind="hop")
    for fault, times in timeline.struck().items():
        when = f"between second {min(times):.1f} and second {max(times):.1f}"
        places = sorted({round(_x(timeline, at_s) / LIKE_A_LINE) * LIKE_A_LINE for at_s in times})
        lines = "".join(f'<path class="strike" d="M{x} 4V{HEIGHT - 4}"/>' for x in places)
        description = f"struck {len(times):,} times, {when}"
        yield _row(timeline, fault, description=description, shapes=lines, label=f"×{len(times):,}", kind="fault")


def _row(timeline: Timeline, name: str, *, description: str, shapes: str, label: str, kind: str) -> str:
    # Behind the row: the time during which the nemeses lasted, the healing, and the convergence.
    injected, heal, behind = timeline.first(INJECT), timeline.first(HEAL), ""
    if injected is not None and timeline.strikes:
        begin = _x(timeline, injected)
        end = _x(timeline, heal if heal is not None else timeline.duration_s)
        behind += f'<path class="injected" d="M{begin} 0H{end}V{HEIGHT}H{begin}z"/>'
    for mark, at_s in (("heal", heal if timeline.strikes else None), ("converged", timeline.converged_s)):
        behind += f'<path class="{mark}" d="M{_x(timeline, at_s)} 0V{HEIGHT}"/>' if at_s is not None else ""
    return (
        f'<div class="row {kind}"><span class="name">{in_html(name)}</span>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img">'
        f"<title>{in_html(name)}</title><desc>{in_html(description)}</desc>"
        f'{behind}{shapes}<path class="ground" d="M0 {HEIGHT}H{WIDTH}"/></svg>'
        f'<span class="figure">{label}</span></div>'
    )


def _table(timeline: Timeline) -> str:
    head = "".join(f'<th scope="col">{in_html(hop)}</th>' for hop in Hop)
    columns = [timeline.rates(hop) for hop in Hop]
    body = "".join(
        f'<tr><th scope="row">{second}</th>{"".join(f"<td>{column[second]:,}</td>" for column in columns)}</tr>'
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


def _x(timeline: Timeline, at_s: float) -> int:
    return round(WIDTH * min(max(at_s, 0.0), timeline.seconds) / timeline.seconds)
