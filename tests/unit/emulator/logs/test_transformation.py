"""A metric filter makes data of events: a value, a unit and dimensions, as CloudWatch Logs documents them."""

import json
from typing import Any

import pytest

from wavetank.emulator.logs.filter_pattern import Event
from wavetank.emulator.logs.transformation import InvalidTransformation, MetricFilter, Series

METRIC = {"metricNamespace": "app", "metricName": "Latency"}
INVOCATION = '{ $.message = "invocation" && $.latency = * }'


def event(**fields: Any) -> Event:
    return Event(json.dumps({"message": "invocation", **fields}))


def of(pattern: str, **more: Any) -> MetricFilter:
    return MetricFilter.of(pattern, [{**METRIC, **more}])


def test_a_number_is_the_value_of_each_match() -> None:
    assert of("ERROR", metricValue="2.5").data(Event("ERROR")) == [(Series("app", "Latency", (), "None"), 2.5)]
    assert of("ERROR", metricValue="1").data(Event("INFO")) == []


@pytest.mark.parametrize(("value", "data"), [(50, [50.0]), (0.25, [0.25]), ("7", [7.0]), (0, [0.0]), (-3, [-3.0])])
def test_a_field_is_the_value(value: Any, data: list[float]) -> None:
    made = of(INVOCATION, metricValue="$.latency", unit="Seconds").data(event(latency=value))
    assert made == [(Series("app", "Latency", (), "Seconds"), number) for number in data]


@pytest.mark.parametrize("value", ["many", True, None, [1], {"a": 1}, "", "NaN", "1e400x", 10**400])
def test_a_field_that_is_no_number_gives_no_datum(value: Any) -> None:
    made = of('{ $.message = "invocation" }', metricValue="$.latency").data(event(latency=value))
    assert made == []


def test_a_column_is_the_value() -> None:
    metric_filter = of("[kind, latency > 3]", metricValue="$latency", dimensions={"Kind": "$kind"})
    assert metric_filter.data(Event("get 4.5")) == [(Series("app", "Latency", (("Kind", "get"),), "None"), 4.5)]
    assert of("[kind,]", metricValue="$2").data(Event("get 4.5"))[0][1] == 4.5
    assert of("[kind, ...]", metricValue="$2").data(Event("get 4.5 more"))[0][1] == 4.5


def test_fields_are_dimensions() -> None:
    dimensions = {"EventType": "$.event_type", "Reason": "$.reason", "Code": "$.code"}
    metric_filter = of(INVOCATION, metricValue="$.latency", dimensions=dimensions)
    [(series, value)] = metric_filter.data(event(latency=1, event_type="purchase", reason="old", code=7))
    assert series.dimensions == (("EventType", "purchase"), ("Reason", "old"), ("Code", "7"))
    assert value == 1


@pytest.mark.parametrize("fields", [{}, {"kind": None}, {"kind": " "}, {"kind": ["a"]}, {"kind": "k" * 256}])
def test_an_event_without_a_dimension_gives_no_datum(fields: dict[str, Any]) -> None:
    assert of(INVOCATION, metricValue="1", dimensions={"Kind": "$.kind"}).data(event(latency=1, **fields)) == []


def test_the_default_value_is_that_of_events_that_do_not_match() -> None:
    metric_filter = of("ERROR", metricValue="1", defaultValue=0.0)
    assert [metric_filter.data(Event(text))[0][1] for text in ("ERROR", "INFO")] == [1.0, 0.0]


@pytest.mark.parametrize(
    ("pattern", "given", "reason"),
    [
        ("ERROR", {"metricValue": "$.latency"}, "neither a number nor a field"),
        ("ERROR", {"metricValue": "latency"}, "neither a number nor a field"),
        ("ERROR", {"metricValue": ""}, "neither a number nor a field"),
        ("[a, b]", {"metricValue": "$c"}, "neither a number nor a field"),
        ("[a, b]", {"metricValue": "$2"}, "neither a number nor a field"),
        ("[a,]", {"metricValue": "$3"}, "neither a number nor a field"),
        ("{ $.a = 1 }", {"metricValue": "$.a[*]"}, "neither a number nor a field"),
        ("ERROR", {"metricValue": "1", "dimensions": {"A": "$.a"}}, "of dimension 'A' is no field"),
        ("{ $.a = 1 }", {"metricValue": "1", "dimensions": {"A": "constant"}}, "of dimension 'A' is no field"),
        ("{ $.a = 1 }", {"metricValue": "1", "dimensions": dict.fromkeys("ABCD", "$.a")}, "at most 3"),
        ("{ $.a = 1 }", {"metricValue": "1", "dimensions": {"A": "$.a"}, "defaultValue": 0.0}, "mutually exclusive"),
        ("ERROR", {"metricValue": "1", "metricName": "a:b"}, "not a valid metric name"),
        ("ERROR", {"metricValue": "1", "metricNamespace": "a b"}, "not a valid metric namespace"),
    ],
)
def test_a_transformation_that_cannot_be_is_refused(pattern: str, given: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidTransformation, match=reason):
        of(pattern, **given)
