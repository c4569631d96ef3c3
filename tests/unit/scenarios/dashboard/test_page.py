"""The page of dashboards stands alone, is well-formed, shows what was measured, and lets nothing in it be markup."""

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given

from tests.unit.scenarios.dashboard.drawings import HOSTILE, POINTS, SPAN, deployed, figures_of, one_chart
from wavetank.scenarios.dashboard.body import AlarmStates, Content, Dashboard, Note, Undrawn, Widget
from wavetank.scenarios.dashboard.chart_svg import HEIGHT, WIDTH
from wavetank.scenarios.dashboard.figures import Figures, Series
from wavetank.scenarios.dashboard.page import page

VOID = {"meta", "!doctype"}


class Balanced(HTMLParser):
    """Fails where an element ends that did not begin, and keeps what elements and attributes there are."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(html: str) -> Balanced:
    parser = Balanced()
    parser.feed(html)
    assert parser.open == []
    return parser


@pytest.fixture(scope="module")
def whole(root: Path) -> str:
    dashboards = deployed(root)
    return page(list(dashboards.values()), figures_of(dashboards), "http://127.0.0.1:4566")


def test_the_page_is_balanced_and_loads_nothing(whole: str) -> None:
    elements = parsed(whole).elements
    policy = [attributes["content"] for tag, attributes in elements if tag == "meta" and "http-equiv" in attributes]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"]
    assert not {tag for tag, _ in elements} & {"script", "link", "img", "iframe", "object", "base", "form"}
    addresses = [attributes.get("href") for _, attributes in elements if "href" in attributes]
    assert all(str(address).startswith("#dashboard-") for address in addresses)
    assert not re.search(r"url\(|@import|\son\w+=", whole)


def test_every_chart_has_a_heading_a_title_a_description_and_its_figures_as_a_table(root: Path, whole: str) -> None:
    dashboards = deployed(root)
    charts = [chart for each in dashboards.values() for chart in each.charts]
    titles = re.findall(r'<svg [^>]*role="img"><title>([^<]+)</title><desc>[^<]+</desc>', whole)
    assert titles == [chart.title for chart in charts]
    figures = figures_of(dashboards)
    measured = [chart for chart in charts if any(line.points for line in figures.series[chart])]
    assert whole.count("<details>") == whole.count("<caption>") == len(measured) > len(charts) // 2
    assert {f"<h3>{chart.title} <span" in whole for chart in charts} == {True}


def test_the_table_has_a_row_for_each_period_with_a_value() -> None:
    points = ((SPAN.start, 1.0), (SPAN.start + 60, 1_500.0))
    html = page(*as_arguments(one_chart(Series("a", points, "bytes"), Series("b", points[:1]), left="bytes")))
    rows = re.findall(r'<tr><th scope="row">(\d\d:\d\d)</th><td>([^<]*)</td><td>([^<]*)</td></tr>', html)
    assert [row[1:] for row in rows] == [("1 B", "1"), ("1.5 kB", "")]


def as_arguments(drawing: tuple[Dashboard, Figures]) -> tuple[list[Dashboard], Figures, str]:
    return [drawing[0]], drawing[1], "here"


@given(POINTS, POINTS)
def test_every_point_of_a_path_is_in_its_drawing(
    left: tuple[tuple[int, float], ...], right: tuple[tuple[int, float], ...]
) -> None:
    lines = (Series("a", left, "seconds"), Series("b", right, "bytes", "right"))
    html = page(*as_arguments(one_chart(*lines, left="seconds", right="bytes")))
    assert not re.search(r"\b(nan|inf)\b", html)
    svg = ET.fromstring(re.findall(r"<svg.*?</svg>", html, re.DOTALL)[0])
    drawn = 0
    for path in svg.iter("path"):
        if path.attrib["class"] == "ground":
            continue
        for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path.attrib["d"]):
            assert 0 <= float(x) <= WIDTH
            assert 0 <= float(y) <= HEIGHT
            drawn += 1
    assert drawn == len(left) + len(right)


def test_nothing_in_names_is_markup() -> None:
    dashboard, figures = one_chart(Series(HOSTILE, ((SPAN.start, 1.0),), HOSTILE), title=HOSTILE, left=HOSTILE)
    contents: list[Content] = [Note(HOSTILE), Undrawn(HOSTILE, HOSTILE), AlarmStates(HOSTILE, (HOSTILE,))]
    row = (*dashboard.rows[0], *(Widget(content, 6, 0, 6, 6) for content in contents))
    html = page([Dashboard(HOSTILE, (row,))] * 2, Figures(SPAN, figures.series, problems=(HOSTILE,)), HOSTILE)
    assert "script" not in {tag for tag, _ in parsed(html).elements}
    assert "<script" not in html
    assert not set(html) & set("\x1b\x07\u202e")
    assert html.count("&lt;script&gt;") > 10


@pytest.mark.parametrize("points", [(), ((SPAN.start, 0.0),)])
def test_nothing_or_one_point_is_drawn_too(points: tuple[tuple[int, float], ...]) -> None:
    html = page(*as_arguments(one_chart(Series("mine", points))))
    assert ("no data" in html) == (not points)
    assert html.count("h0") == len(points)
    parsed(html)


def test_a_page_that_is_watched_is_loaded_anew_by_the_browser() -> None:
    drawing = as_arguments(one_chart())
    assert '<meta http-equiv="refresh" content="15">' in page(*drawing, refresh_s=15)
    assert "refresh" not in page(*drawing)
