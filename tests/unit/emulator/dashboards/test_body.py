"""The body of a dashboard is refused for what CloudWatch refuses, and warned of for what it would not draw."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.dashboards.body import Message, messages

REGION = "us-east-1"
METRICS = [
    ["AWS/Lambda", "Errors", "FunctionName", "one", {"stat": "Sum", "label": "errors", "id": "m1", "visible": False}],
    [".", "Invocations", ".", "."],
    [{"expression": "m1 / 2", "label": "half", "id": "e1", "yAxis": "right"}],
    ["App", "Total"],
]
GOOD: dict[str, Any] = {
    "start": "-PT6H",
    "periodOverride": "inherit",
    "widgets": [
        {
            "type": "metric",
            "x": 0,
            "y": 0,
            "width": 12,
            "height": 6,
            "properties": {
                "metrics": METRICS,
                "region": REGION,
                "period": 300,
                "stat": "Average",
                "view": "timeSeries",
                "stacked": False,
                "title": "Lambda",
                "liveData": False,
                "legend": {"position": "right"},
                "yAxis": {"left": {"min": 0, "label": "count", "showUnits": False}},
                "annotations": {"horizontal": [{"label": "limit", "value": 10}], "vertical": []},
            },
        },
        {"type": "text", "width": 3, "height": 3, "properties": {"markdown": "Hello world"}},
        {"type": "alarm", "properties": {"alarms": ["arn:aws:cloudwatch:us-east-1:0:alarm:a"], "title": "Alarms"}},
        {"type": "log", "properties": {"query": "SOURCE 'a' | fields @message", "region": REGION, "view": "table"}},
        {"type": "metric", "properties": {"annotations": {"alarms": ["arn:a"]}, "region": REGION}},
    ],
}


def body_of(widget: dict[str, Any], **properties: Any) -> str:
    return json.dumps({"widgets": [{**widget, "properties": properties}]})


def metric(*entry: Any, **properties: Any) -> str:
    return body_of({"type": "metric"}, metrics=[list(entry)], region=REGION, **properties)


def test_a_body_of_every_kind_of_widget_has_no_message() -> None:
    assert messages(json.dumps(GOOD)) == []
    assert messages('{"widgets": []}') == []


@pytest.mark.parametrize(
    ("body", "path", "text"),
    [
        ("no json", "", "must be a valid JSON object"),
        ("[]", "", "must be a valid JSON object"),
        ("{}", "", "Should have required property 'widgets'"),
        ('{"widgets": {}}', "/widgets", "Should be array"),
        ('{"widgets": [3]}', "/widgets/0", "Should be object"),
        ('{"widgets": [{"type": "text"}]}', "/widgets/0", "Should have required property 'properties'"),
        (body_of({"type": "graph"}), "/widgets/0/type", "Should be equal to one of the allowed values"),
        (body_of({"type": "text"}), "/widgets/0/properties", "Should have required property 'markdown'"),
        (body_of({"type": "text", "width": 25}, markdown=""), "/widgets/0/width", "Should be <= 24"),
        (body_of({"type": "text", "x": 1}, markdown=""), "/widgets/0", "both properties 'x' and 'y'"),
        (body_of({"type": "metric"}, region=REGION), "/widgets/0/properties", "required property 'metrics'"),
        (body_of({"type": "metric"}, metrics=[]), "/widgets/0/properties", "required property 'region'"),
        (metric(), "/widgets/0/properties/metrics/0", "fewer than 1 items"),
        (metric("AWS/Lambda"), "/widgets/0/properties/metrics/0", "fewer than 2 items"),
        (metric("AWS/Lambda", "Errors", "FunctionName"), "/widgets/0/properties/metrics/0", "value for each dimension"),
        (metric("AWS/Lambda", 3), "/widgets/0/properties/metrics/0", "texts before the rendering properties"),
        (metric({"label": "x"}), "/widgets/0/properties/metrics/0", "or an expression"),
        (metric("A", "B", {"id": "M1"}), "/widgets/0/properties/metrics/0/2/id", "Should match pattern"),
        (metric("A", "B", period=45), "/widgets/0/properties/period", "Should match the structure"),
        (metric("A", "B", view="map"), "/widgets/0/properties/view", "one of the allowed values"),
        (json.dumps({"widgets": [GOOD["widgets"][1]] * 501}), "/widgets", "more than 500 items"),
    ],
)
def test_a_body_that_breaks_a_rule_is_refused_with_the_path(body: str, path: str, text: str) -> None:
    told = [message for message in messages(body) if not message.is_warning]
    assert [message.path for message in told] == [path]
    assert text in told[0].text


def test_a_property_that_would_not_be_drawn_is_a_warning() -> None:
    told = messages(metric("A", "B", {"colour": "#fff"}, sparkle=True))
    assert told == [
        Message("/widgets/0/properties", "Should NOT have additional properties", is_warning=True),
        Message("/widgets/0/properties/metrics/0/2", "Should NOT have additional properties", is_warning=True),
    ]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "properties", "metrics", "widgets", "x", "region", "stat"]), inner)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_any_body_is_judged(value: Any) -> None:
    for body in (value, {"widgets": value}, {"widgets": [{"type": "metric", "properties": {"metrics": value}}]}):
        for message in messages(json.dumps(body)):
            assert message.text
