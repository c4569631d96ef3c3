"""A chart as HTML: its lines in SVG, a legend, and a table of the figures. Pure.

The lines stretch with the page and the words do not. No script, nothing from elsewhere; what labels say is text.
"""

from collections.abc import Iterator, Sequence

from wavetank.scenarios.dashboard.body import LEFT, RIGHT, Chart
from wavetank.scenarios.dashboard.figures import Series
from wavetank.scenarios.dashboard.geometry import Scale, figure, runs
from wavetank.scenarios.dashboard.span import DAY_S, Span, moment
from wavetank.scenarios.report.escaping import in_html

WIDTH, HEIGHT, MARGIN = 1_000, 100, 3
"""Units of a drawing; above and below the lines so much is left for their thickness."""
COLOURS = 8
DASHES = 3
LONG_LEGEND = 10
NO_DATA = "no data"


def chart(content: Chart, series: Sequence[Series], span: Span) -> str:
    """The chart of these lines; the heading is that of its widget."""
    scales = {side: Scale.of([line for line in series if line.side == side]) for side in (LEFT, RIGHT)}
    on_right = any(line.side == RIGHT and line.points for line in series)
    right = _axis(scales[RIGHT], content.right, RIGHT) if on_right else ""
    title = content.title or "chart"
    return (
        f'<figure><div class="plot{" both" if on_right else ""}">{_axis(scales[LEFT], content.left, LEFT)}'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img">'
        f"<title>{in_html(title)}</title><desc>{in_html(_description(series))}</desc>"
        f'<path class="ground" d="M0 {_y(0)}H{WIDTH}M0 {_y(0.5)}H{WIDTH}M0 {_y(1)}H{WIDTH}"/>'
        f"{''.join(_drawn(series, span, scales))}</svg>{right}</div>{_times(span)}{_legend(series)}</figure>"
        f"{_table(title, series, span)}"
    )


def _drawn(series: Sequence[Series], span: Span, scales: dict[str, Scale]) -> Iterator[str]:
    """The lines of a chart, the first on top of the others."""
    for number in reversed(range(len(series))):
        pieces = list(runs(series[number], span, scales[series[number].side]))
        # A point by itself is a line of no length, which its round ends make a dot.
        for kind, some in (
            ("line", [run for run in pieces if len(run) > 1]),
            ("dot", [r for r in pieces if len(r) == 1]),
        ):
            if some:
                yield f'<path class="{kind} {_look(number)}" d="{"".join(map(_path, some))}"/>'


def _path(run: Sequence[tuple[float, float]]) -> str:
    points = [f"{x * WIDTH:.1f} {_y(y)}" for x, y in run]
    return f"M{points[0]}h0" if len(points) == 1 else "M" + "L".join(points)


def _y(part: float) -> str:
    return f"{MARGIN + part * (HEIGHT - 2 * MARGIN):.1f}"


def _look(number: int) -> str:
    """The classes of a series: its colour, and a dash where colours come round again."""
    return f"k{number % COLOURS} d{number // COLOURS % DASHES}"


def _axis(scale: Scale, unit: str, side: str) -> str:
    bottom, top = (in_html(figure(value, unit)) for value in (scale.bottom, scale.top))
    return f'<div class="scale {side}" aria-hidden="true"><span>{top}</span><span>{bottom}</span></div>'


def _times(span: Span) -> str:
    shape = "%H:%M" if span.seconds <= DAY_S else "%m-%d %H:%M"
    times = (span.start, span.start + span.seconds // 2, span.end)
    shown = "".join(f"<span>{moment(time):{shape}}</span>" for time in times)
    return f'<div class="times" aria-hidden="true">{shown}</div>'


def _summary(series: Series) -> str:
    if series.summary is None:
        return NO_DATA
    kind, value = series.summary
    return f"{kind} {figure(value, series.unit)}"


def _description(series: Sequence[Series]) -> str:
    return "; ".join(f"{line.label}: {_summary(line)}" for line in series) or NO_DATA


def _legend(series: Sequence[Series]) -> str:
    items = "".join(
        f'<li><span class="swatch {_look(number)}"></span>{in_html(line.label)}'
        f'{" (right)" if line.side == RIGHT else ""} <span class="soft">{in_html(_summary(line))}</span></li>'
        for number, line in enumerate(series)
    )
    long = ' class="legend long" tabindex="0" aria-label="legend"' if len(series) > LONG_LEGEND else ' class="legend"'
    return f"<ul{long}>{items}</ul>"


def _table(title: str, series: Sequence[Series], span: Span) -> str:
    """The figures behind a chart: a row for each period that has any."""
    columns = [dict(line.points) for line in series]
    times = sorted({time for column in columns for time in column})
    if not times:
        return ""
    shape = "%H:%M" if span.seconds <= DAY_S else "%Y-%m-%d %H:%M"
    head = "".join(f'<th scope="col">{in_html(line.label)}</th>' for line in series)
    rows = "".join(
        f'<tr><th scope="row">{moment(time):{shape}}</th>'
        + "".join(
            f"<td>{in_html(figure(column[time], line.unit)) if time in column else ''}</td>"
            for line, column in zip(series, columns, strict=True)
        )
        + "</tr>"
        for time in times
    )
    return (
        f'<details><summary>Figures<span class="unseen"> of {in_html(title)}</span></summary><div class="wide" '
        f'tabindex="0"><table><caption>{in_html(title)}, UTC</caption><thead><tr><th scope="col">time</th>{head}</tr>'
        f"</thead><tbody>{rows}</tbody></table></div></details>"
    )
