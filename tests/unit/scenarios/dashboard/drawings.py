"""Dashboards of the template with figures, for tests that draw."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from hypothesis import strategies as st

from tests.unit.pipeline.template.dashboard_bodies import bodies
from wavetank.pipeline.template.render import render
from wavetank.pipeline.topology import load
from wavetank.scenarios.dashboard.body import Chart, Dashboard, Query, Widget, read
from wavetank.scenarios.dashboard.figures import Figures, Series
from wavetank.scenarios.dashboard.span import Span

NOW = 1_800_000_000
SPAN = Span.until(NOW, 3 * 3600)
HOSTILE = "</title><script>alert(1)</script>\x1b]0;x\x07\u202e\"'&\nnext"
VALUES = st.floats(allow_nan=False, allow_infinity=False)
POINTS = st.lists(
    st.tuples(st.integers(0, SPAN.seconds // 60 - 1), VALUES), max_size=40, unique_by=lambda point: point[0]
).map(lambda points: tuple((SPAN.start + 60 * at, value) for at, value in sorted(points)))


def deployed(root: Path) -> dict[str, Dashboard]:
    """Every dashboard of the project's template, as CloudWatch would give it back."""
    shown = bodies(render(load(root / "schemas")))
    values = {"AWS::Region": "us-east-1", "AWS::AccountId": "000000000000", "AWS::Partition": "aws"}
    texts = {name: json.dumps(body) for name, body in shown.items()}
    for key, value in values.items():
        texts = {name: text.replace(f"${{{key}}}", value) for name, text in texts.items()}
    return {name: read(name, text) for name, text in texts.items()}


def one_chart(*lines: Series, title: str = "chart", left: str = "", right: str = "") -> tuple[Dashboard, Figures]:
    """A dashboard of one chart of these lines."""
    queries = tuple(Query(f"q{number}", line.label, ("N", "m")) for number, line in enumerate(lines))
    chart = Chart(title, queries, left, right)
    return Dashboard("mine", ((Widget(chart, 0, 0, 6, 6),),)), Figures(SPAN, {chart: lines})


def figures_of(dashboards: Mapping[str, Dashboard]) -> Figures:
    """Figures for every line of every chart: waves, of which some have gaps and some have one point or none."""
    series: dict[Chart, tuple[Series, ...]] = {}
    for number, chart in enumerate(chart for each in dashboards.values() for chart in each.charts):
        lines = []
        for line, query in enumerate(query for query in chart.queries if query.is_visible):
            size = 10.0 ** ((number + line) % 5)
            points = tuple(
                (at, size * (1.2 + math.sin((at - SPAN.start) / 1_500 + line + number)))
                for at in range(SPAN.start, SPAN.end, SPAN.period_s)
                if (at // 60 + number) % 50 > 3 * line
            )
            kept = {7: points[:1], 9: ()}.get((number + line) % 10, points)
            unit = chart.right if query.side == "right" else chart.left
            lines.append(Series(query.label, kept, unit, query.side, query.statistic))
        series[chart] = tuple(lines)
    states = {
        arn: ("OK", "ALARM", "INSUFFICIENT_DATA")[at % 3]
        for each in dashboards.values()
        for widget in each.widgets
        for at, arn in enumerate(getattr(widget.content, "alarms", ()))
    }
    return Figures(SPAN, series, states)
