"""A dashboard is read as CloudWatch documents it, whoever made it; one that is not is named with the rule."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.pipeline.template.dashboard_bodies import bodies, written_out
from tests.unit.scenarios.dashboard.drawings import deployed
from wavetank.pipeline.template.render import render
from wavetank.pipeline.topology import load
from wavetank.scenarios.dashboard.body import AlarmStates, BodyError, Chart, Note, Undrawn, read


def chart_of(*metrics: list[Any], **properties: Any) -> Chart:
    widget = {"type": "metric", "properties": {"metrics": list(metrics), **properties}}
    content = read("mine", json.dumps({"widgets": [widget]})).rows[0][0].content
    assert isinstance(content, Chart)
    return content


def test_every_dashboard_of_the_template_is_read_whole(root: Path) -> None:
    shown = bodies(render(load(root / "schemas")))
    for name, dashboard in deployed(root).items():
        assert len(dashboard.widgets) == len(shown[name]["widgets"])
        assert not any(isinstance(widget.content, Undrawn) for widget in dashboard.widgets)
        metrics = [widget["properties"]["metrics"] for widget in shown[name]["widgets"] if widget["type"] == "metric"]
        for chart, entries in zip(dashboard.charts, metrics, strict=True):
            assert [query.names for query in chart.queries] == [names for names, _ in written_out(entries)]


def test_dots_stand_for_what_the_metric_before_says() -> None:
    chart = chart_of(
        ["AWS/Lambda", "Errors", "FunctionName", "a"],
        [".", "Throttles", ".", "."],
        [{"expression": "1"}],
        ["...", "b", {"label": "of b"}],
    )
    assert [query.names for query in chart.queries] == [
        ("AWS/Lambda", "Errors", "FunctionName", "a"),
        ("AWS/Lambda", "Throttles", "FunctionName", "a"),
        (),
        ("AWS/Lambda", "Throttles", "FunctionName", "b"),
    ]
    assert [query.label for query in chart.queries] == [
        "Errors FunctionName a",
        "Throttles FunctionName a",
        "1",
        "of b",
    ]


def test_a_metric_without_an_id_is_given_one_that_no_other_has() -> None:
    ids = [query.id for query in chart_of(["N", "a"], ["N", "b", {"id": "q0"}], ["N", "c"]).queries]
    assert len(set(ids)) == 3
    assert ids[1] == "q0"


def test_what_a_widget_leaves_out_is_as_documented() -> None:
    dashboard = read("mine", json.dumps({"widgets": [{"type": "text", "properties": {"markdown": "x"}}] * 2}))
    assert [(widget.x, widget.y, widget.width, widget.height) for widget in dashboard.widgets] == [
        (0, 0, 6, 6),
        (0, 6, 6, 6),
    ]
    assert chart_of(["N", "a"]).queries[0].statistic == "Average"


def test_a_line_is_read_by_its_own_statistic_or_that_of_what_it_is_computed_from() -> None:
    chart = chart_of(
        ["N", "a", {"id": "m0", "stat": "Maximum", "visible": False}],
        ["N", "b", {"yAxis": "right"}],
        [{"expression": "m0/1000", "id": "e"}],
        stat="Sum",
        yAxis={"left": {"label": "s"}, "right": {"label": "bytes"}},
    )
    assert [query.statistic for query in chart.queries] == ["Maximum", "Sum", "Maximum"]
    assert [query.is_visible for query in chart.queries] == [False, True, True]
    assert (chart.left, chart.right, chart.queries[1].side) == ("s", "bytes", "right")


def test_widgets_are_in_rows_from_left_to_right() -> None:
    note = {"type": "text", "properties": {"markdown": "x"}}
    places = [(6, 2), (0, 9), (0, 2)]
    dashboard = read("mine", json.dumps({"widgets": [note | {"x": x, "y": y} for x, y in places]}))
    assert [[(widget.x, widget.y) for widget in row] for row in dashboard.rows] == [[(0, 2), (6, 2)], [(0, 9)]]


def test_each_kind_of_widget_is_known_for_what_it_is() -> None:
    widgets = [
        {"type": "text", "properties": {"markdown": "hello"}},
        {"type": "alarm", "properties": {"title": "t", "alarms": ["arn:aws:cloudwatch:r:1:alarm:a"]}},
        {"type": "log", "properties": {"title": "l", "query": "fields"}},
        {"type": "metric", "properties": {"title": "of an alarm", "annotations": {"alarms": ["arn"]}}},
    ]
    contents = [widget.content for widget in read("mine", json.dumps({"widgets": widgets})).widgets]
    assert contents == [
        Note("hello"),
        AlarmStates("t", ("arn:aws:cloudwatch:r:1:alarm:a",)),
        Undrawn("log", "l"),
        Undrawn("metric", "of an alarm"),
    ]


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("{", "dashboard mine: its body is not JSON"),
        ("[]", "dashboard mine: its body has no list of widgets"),
        ('{"widgets": [1]}', "dashboard mine: widget 1 is not as CloudWatch documents it"),
        ('{"widgets": [{"type": "text", "properties": {}}]}', "widget 1 is not as CloudWatch documents it: 'markdown'"),
        ('{"widgets": [{"type": "text", "properties": {"markdown": ""}, "width": 25}]}', "its width is 1 to 24"),
        ('{"widgets": [{"type": "metric", "properties": {"metrics": [["N"]]}}]}', "a metric is a namespace, a name"),
        ('{"widgets": [{"type": "metric", "properties": {"metrics": [["N", "a", "d"]]}}]}', "names and values of dim"),
        ('{"widgets": [{"type": "metric", "properties": {"metrics": [[".", "a"]]}}]}', "widget 1 is not as CloudWatch"),
        ('{"widgets": [{"type": "metric", "properties": {"metrics": [[]]}}]}', "widget 1 is not as CloudWatch"),
    ],
)
def test_a_body_that_is_not_as_documented_is_refused_with_the_place_and_the_rule(body: str, rule: str) -> None:
    with pytest.raises(BodyError, match=rule):
        read("mine", body)
