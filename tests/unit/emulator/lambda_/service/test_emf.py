"""Metrics in the lines of a log, by the rules of the Embedded Metric Format."""

import json
from typing import Any

import pytest

from wavetank.emulator.lambda_.service.emf import Metric, Resolution, metrics_of

AT_MS = 1_700_000_000_123


def line(
    *, dimensions: list[list[str]], metrics: list[dict[str, Any]], about: dict[str, Any] | None = None, **root: Any
) -> str:
    """A document of one directive, with these members at its root."""
    directive = {"Namespace": "Tank", "Dimensions": dimensions, "Metrics": metrics}
    return json.dumps({"_aws": {"Timestamp": AT_MS, "CloudWatchMetrics": [directive], **(about or {})}, **root})


def test_a_number_is_a_metric_under_every_set_of_dimensions() -> None:
    metrics = metrics_of(
        line(
            dimensions=[["basin"], ["basin", "side"], []],
            metrics=[{"Name": "height", "Unit": "Count", "StorageResolution": 1}],
            basin="north",
            side="left",
            height=3,
        )
    )
    expected = [(("basin", "north"),), (("basin", "north"), ("side", "left")), ()]
    assert metrics == [Metric("Tank", "height", where, (3.0,), "Count", AT_MS, Resolution.HIGH) for where in expected]


def test_an_array_of_numbers_is_many_values_of_one_metric() -> None:
    (metric,) = metrics_of(line(dimensions=[[]], metrics=[{"Name": "height"}], height=[1, 2.5, 1]))
    assert (metric.values, metric.unit, metric.resolution) == ((1.0, 2.5, 1.0), "None", Resolution.STANDARD)


def test_no_set_of_dimensions_is_one_without_any() -> None:
    (metric,) = metrics_of(line(dimensions=[], metrics=[{"Name": "height"}], height=1))
    assert metric.dimensions == ()


def test_a_metric_without_a_value_is_left_out() -> None:
    metrics = metrics_of(line(dimensions=[[]], metrics=[{"Name": "height"}, {"Name": "length"}], height=1))
    assert [metric.name for metric in metrics] == ["height"]


@pytest.mark.parametrize(
    "text",
    [
        "a line",
        '{"message": "_aws"}',
        line(dimensions=[[]], metrics=[{"Name": "height"}], height="tall"),
        line(dimensions=[[]], metrics=[{"Name": "height"}], height=True),
        line(dimensions=[[]], metrics=[{"Name": "height"}], height=[1] * 101),
        line(dimensions=[[]], metrics=[{"Name": "height"}], height=float("nan")),
        line(dimensions=[[]], metrics=[{"Name": "height", "StorageResolution": 5}], height=1),
        line(dimensions=[[]], metrics=[{"Name": "height"}] * 101, height=1),
        line(dimensions=[["basin"]], metrics=[{"Name": "height"}], height=1),
        line(dimensions=[["basin"]], metrics=[{"Name": "height"}], height=1, basin=7),
        line(dimensions=[[f"d{n}" for n in range(31)]], metrics=[{"Name": "height"}], height=1),
        line(dimensions=[[]], metrics=[{"Name": "height"}], height=1, about={"Timestamp": "now"}),
        line(dimensions=[[]], metrics=[{"Name": "height"}], height=1, about={"CloudWatchMetrics": 3}),
        line(dimensions=[[]], metrics=[{"Name": "height"}], height=1) + " and more",
        '{"_aws": {}}',
        '{"_aws": ' + "[" * 5000,
    ],
)
def test_what_breaks_a_rule_is_a_line_and_no_metric(text: str) -> None:
    assert metrics_of(text) == []
