"""Dashboards in a terminal: no line is too wide, nothing commands the terminal, all that is measured is there."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from tests.unit.scenarios.dashboard.drawings import HOSTILE, POINTS, SPAN, deployed, figures_of, one_chart
from wavetank.scenarios.dashboard.body import AlarmStates, Content, Dashboard, Note, Undrawn, Widget
from wavetank.scenarios.dashboard.figures import Figures, Series
from wavetank.scenarios.dashboard.terminal import ASCII, draw, glyphs_of, sparkline


def text(lines: object) -> str:
    return "\n".join(line.plain for line in lines)  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [38, 80, 81, 132, 250])
def test_no_line_is_wider_than_the_terminal(root: Path, width: int) -> None:
    dashboards = deployed(root)
    figures = figures_of(dashboards)
    lines = [line for dashboard in dashboards.values() for line in draw(dashboard, figures, width)]
    assert max(line.cell_len for line in lines) <= width


@pytest.mark.parametrize(("width", "beside"), [(38, 1), (80, 2), (160, 4)])
def test_the_widgets_of_a_row_are_beside_each_other_as_far_as_they_fit(root: Path, width: int, beside: int) -> None:
    dashboards = deployed(root)
    [first] = [
        line.plain
        for line in draw(dashboards["wavetank-source"], figures_of(dashboards), width)
        if line.plain.startswith("click: records put")
    ]
    assert first.count("click: ") == beside


@pytest.mark.parametrize("width", [80, 200])
def test_every_line_of_every_chart_is_there(root: Path, width: int) -> None:
    dashboards = deployed(root)
    figures = figures_of(dashboards)
    for dashboard in dashboards.values():
        shown = text(draw(dashboard, figures, width))
        for chart in dashboard.charts:
            assert chart.title[:30] in shown
            assert all(line.label[:12].rstrip() in shown for line in figures.series[chart])


def test_one_row_of_the_dashboard_of_a_component_is_of_one_event_type(root: Path) -> None:
    dashboards = deployed(root)
    shown = text(draw(dashboards["wavetank-processing"], figures_of(dashboards), 160))
    [row] = [line for line in shown.splitlines() if line.startswith("conversion: ")]
    assert row.count("conversion: ") == 4


def test_nothing_in_names_commands_the_terminal_or_breaks_a_line() -> None:
    line = Series(HOSTILE, ((SPAN.start, 1.0),))
    chart, figures = one_chart(line, title=HOSTILE)
    contents: list[Content] = [Note(HOSTILE), Undrawn(HOSTILE, HOSTILE), AlarmStates(HOSTILE, (HOSTILE,))]
    others = tuple(Widget(content, 6, 0, 6, 6) for content in contents)
    dashboard = Dashboard(HOSTILE, ((*chart.rows[0], *others),))
    shown = list(draw(dashboard, Figures(SPAN, figures.series, problems=(HOSTILE,)), 80))
    assert not any(set(each.plain) & set("\x1b\x07\u202e\n\t") for each in shown)
    assert max(each.cell_len for each in shown) <= 80
    assert "incomplete: " in shown[-1].plain


@pytest.mark.parametrize("points", [(), ((SPAN.start, 0.0),), ((SPAN.end - 60, 5.0),)])
def test_nothing_or_one_point_is_drawn_too(points: tuple[tuple[int, float], ...]) -> None:
    shown = text(draw(*one_chart(Series("mine", points, "records")), 60))
    assert ("no data" in shown) == (not points)
    assert sum(shown.count(block) for block in "▁█") == len(points)


@given(POINTS, st.integers(30, 120))
def test_a_line_of_any_values_is_one_line_that_fits(points: tuple[tuple[int, float], ...], width: int) -> None:
    dashboard, figures = one_chart(Series("mine", points, "seconds"))
    lines = list(draw(dashboard, figures, width))
    assert len(lines) == 4
    assert lines[-1].cell_len <= max(width, 38)
    assert "nan" not in lines[-1].plain


def test_the_higher_a_value_the_higher_its_block() -> None:
    assert sparkline([0.0, None, 1.0, 7.0, -1.0]) == "▁ ▂█▁"
    assert sparkline([]) == ""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "no such encoding"])
def test_a_terminal_without_such_characters_is_drawn_with_others(root: Path, encoding: str) -> None:
    assert glyphs_of(encoding) == ASCII
    dashboards = deployed(root)
    for dashboard in dashboards.values():
        text(draw(dashboard, figures_of(dashboards), 80, glyphs_of(encoding))).encode("ascii")
    assert glyphs_of("utf-8") != ASCII


def test_an_alarm_that_rings_stands_out() -> None:
    board = AlarmStates("Alarms", ("arn:x:alarm:one",))
    dashboard = Dashboard("mine", ((Widget(board, 0, 0, 24, 4),),))
    line: Text = list(draw(dashboard, Figures(SPAN, states={"arn:x:alarm:one": "ALARM"}), 80))[-1]
    assert line.plain == "ALARM             one"
    assert "red" in str(line.spans[0].style if line.spans else line.style)
