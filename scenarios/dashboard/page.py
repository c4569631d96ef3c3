"""Dashboards as one page of HTML that stands alone, on a phone or on a wall. Pure."""

from collections.abc import Sequence

from wavetank.scenarios.dashboard.body import COLUMNS, AlarmStates, Chart, Dashboard, Note, Undrawn, Widget
from wavetank.scenarios.dashboard.chart_svg import chart
from wavetank.scenarios.dashboard.figures import Figures
from wavetank.scenarios.report.document import document
from wavetank.scenarios.report.escaping import in_html


def page(dashboards: Sequence[Dashboard], figures: Figures, source: str, refresh_s: int | None = None) -> str:
    """The page of these dashboards; `source` says where the figures are from.

    refresh_s: the browser loads it anew each time so many seconds have passed.
    """
    names = ", ".join(dashboard.name for dashboard in dashboards)
    contents = "\n".join(_section(number, each, figures) for number, each in enumerate(dashboards, start=1))
    links = "".join(
        f'<li><a href="#dashboard-{number}">{in_html(dashboard.name)}</a></li>'
        for number, dashboard in enumerate(dashboards, start=1)
    )
    problems = "".join(f'<li class="fail">incomplete: {in_html(problem)}</li>' for problem in figures.problems)
    body = (
        f'<header><h1>Dashboards</h1><p class="soft">{in_html(str(figures.span))}, from {in_html(source)}</p>'
        f"{f'<ul>{problems}</ul>' if problems else ''}"
        f"{f'<nav aria-label="dashboards"><ul>{links}</ul></nav>' if len(dashboards) > 1 else ''}</header>\n"
        f"<main>\n{contents}\n</main>"
    )
    return document(f"{names}: dashboards", body, STYLE, refresh_s)


def _section(number: int, dashboard: Dashboard, figures: Figures) -> str:
    rows = "\n".join(
        f'<div class="widgets">{"".join(_widget(widget, dashboard, figures) for widget in row)}</div>'
        for row in dashboard.rows
    )
    return (
        f'<section id="dashboard-{number}" aria-labelledby="dashboard-{number}-name">'
        f'<h2 id="dashboard-{number}-name">{in_html(dashboard.name)}</h2>\n{rows}\n</section>'
    )


def _widget(widget: Widget, dashboard: Dashboard, figures: Figures) -> str:
    content = widget.content
    title = (
        "" if isinstance(content, Note) else f"<h3>{in_html(content.title or 'without a title')}{_units(content)}</h3>"
    )
    wide = " broad" if widget.width > COLUMNS // 2 else ""
    kind = "note" if isinstance(content, Note) else "widget"
    return f'<div class="{kind} w{widget.width}{wide}">{title}{_content(content, dashboard, figures)}</div>'


def _units(content: Chart | AlarmStates | Undrawn) -> str:
    units = [content.left, f"right: {content.right}" if content.right else ""] if isinstance(content, Chart) else []
    shown = ", ".join(unit for unit in units if unit)
    return f' <span class="soft">{in_html(shown)}</span>' if shown else ""


def _content(content: Chart | Note | AlarmStates | Undrawn, dashboard: Dashboard, figures: Figures) -> str:
    match content:
        case Chart():
            return chart(content, figures.series.get(content, ()), figures.span)
        case AlarmStates():
            items = "".join(
                f'<li><strong class="state {alarm.state}">{alarm.state.replace("_", " ")}</strong> '
                f"{in_html(alarm.name)}</li>"
                for alarm in figures.alarms(content)
            )
            return f'<ul class="alarms">{items}</ul>'
        case Note():
            lines = (line.strip() for line in content.markdown.splitlines())
            shown = [line.lstrip("# ") for line in lines if line and line.lstrip("# ") != dashboard.name]
            return "".join(f"<p>{in_html(line)}</p>" for line in shown)
        case Undrawn():
            return f"<p>A widget of type {in_html(content.kind)}, which is not drawn here.</p>"


STYLE = """
:root { --k0: #1f6fb4; --k1: #c2500a; --k2: #0d8a6a; --k3: #a3388f; --k4: #8a6d00; --k5: #4a56c9; --k6: #b3273e;
  --k7: #5b6776; }
@media (prefers-color-scheme: dark) { :root { --k0: #6ab0f3; --k1: #ff9d5c; --k2: #45d0a6; --k3: #e48ad6; --k4: #e0c24a;
  --k5: #a3abff; --k6: #ff8598; --k7: #a9b5c4; } }
body { max-width: 160rem; padding: 1rem clamp(.75rem, 2vw, 2rem); }
section { margin-top: 1rem; padding-top: .8rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1rem; list-style: none; margin: .4rem 0; padding: 0; }
.widgets { display: grid; gap: .8rem; grid-template-columns: minmax(0, 1fr); margin: .8rem 0; }
.widget { background: var(--panel); border: 1px solid var(--line); border-radius: .4rem; min-width: 0;
  padding: .6rem .75rem; }
.widget h3 { font-size: .95rem; margin: 0 0 .4rem; overflow-wrap: anywhere; }
.widget h3 .soft { font-size: .8rem; font-weight: 400; } .note { overflow-wrap: anywhere; }
figure { margin: 0; }
.plot { display: grid; gap: .4rem; grid-template-columns: 3.6rem minmax(0, 1fr); }
.plot.both { grid-template-columns: 3.6rem minmax(0, 1fr) 3.6rem; }
.plot svg { display: block; height: 8.5rem; overflow: visible; width: 100%; }
.scale { display: flex; flex-direction: column; justify-content: space-between; text-align: right; }
.scale.right { text-align: left; }
.scale, .times, .legend, .alarms { font-size: .8rem; font-variant-numeric: tabular-nums; }
.scale, .times { color: var(--soft); white-space: nowrap; }
.times { display: flex; justify-content: space-between; margin: .15rem 0 .3rem 4rem; }
.both + .times { margin-right: 4rem; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem .9rem; list-style: none; margin: 0; padding: 0; }
.legend.long { max-height: 8rem; overflow-y: auto; } .legend .soft { font-size: inherit; }
.legend li { overflow-wrap: anywhere; }
.swatch { border-top: 3px solid var(--k); display: inline-block; margin-right: .35rem; vertical-align: .25em;
  width: 1.1rem; }
path.line, path.dot { stroke: var(--k); stroke-linecap: round; stroke-linejoin: round; stroke-width: 2; }
path.dot { stroke-width: 5; }
.k0 { --k: var(--k0); } .k1 { --k: var(--k1); } .k2 { --k: var(--k2); } .k3 { --k: var(--k3); } .k4 { --k: var(--k4); }
.k5 { --k: var(--k5); } .k6 { --k: var(--k6); } .k7 { --k: var(--k7); }
.swatch.d1 { border-top-style: dashed; } .swatch.d2 { border-top-style: dotted; }
path.line.d1 { stroke-dasharray: 6 4; } path.line.d2 { stroke-dasharray: 1 4; }
.widget details { margin: .4rem 0 0; } .widget summary { font-size: .8rem; }
.widget .wide { max-height: 20rem; overflow: auto; }
.alarms { columns: 20rem; list-style: none; margin: 0; padding: 0; } .alarms li { overflow-wrap: anywhere; }
.state { color: var(--soft); display: inline-block; min-width: 4.2rem; } .state.ALARM { color: var(--fail); }
.state.OK { color: var(--pass); } .state.INSUFFICIENT_DATA { color: var(--inconclusive); }
.unseen { clip-path: inset(50%); height: 1px; overflow: hidden; position: absolute; white-space: nowrap; width: 1px; }
@media (min-width: 44rem) { .widgets { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .note, .broad { grid-column: 1 / -1; } }
@media (min-width: 78rem) { .widgets { grid-template-columns: repeat(24, minmax(0, 1fr)); }
GRID }
""".replace("GRID", " ".join(f".w{width} {{ grid-column: span {width}; }}" for width in range(1, COLUMNS + 1)))
"""What it looks like besides what every page does: one, two or twenty-four columns, as there is room."""
