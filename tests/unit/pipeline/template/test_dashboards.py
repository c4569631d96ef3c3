"""The dashboards keep to what CloudWatch takes, show what is measured, and measure what is deployed."""

import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.unit.pipeline.template.dashboard_bodies import BODY, bodies, written_out
from tests.unit.pipeline.template.test_dumpers import add_reference
from tests.unit.pipeline.test_topology import add_event
from wavetank.pipeline import metrics
from wavetank.pipeline.metrics import METRICS
from wavetank.pipeline.template.dashboards.resources import dashboards
from wavetank.pipeline.template.dashboards.widgets import (
    MOST_ALARMS_OF_A_WIDGET,
    MOST_METRICS,
    MOST_WIDGETS,
)
from wavetank.pipeline.template.render import render, whole
from wavetank.pipeline.template.service_metrics import SERVICE_METRICS
from wavetank.pipeline.topology import Topology, load

Body = dict[str, Any]
COMPONENTS = ("source", "processing", "partitioning", "concatenation")
LONGEST_EVENT_NAME = 32
NOT_SHOWN = {metrics.QUARANTINED_BY_REASON, metrics.DROPPED_BY_REASON}
"""They have a dimension whose values nobody knows before; the sum over all reasons is shown."""


def with_event_types(folder: Path, count: int, longest: int = 0) -> dict[str, Body]:
    for number in range(count):
        add_event(folder, f"event-{number:03}".ljust(longest, "x"))
    templates = {name: {"Resources": part} for name, part in dashboards(load(folder), {}).items()}
    return bodies(templates)


@pytest.fixture
def deployed(root: Path, tmp_path: Path) -> Topology:
    """This project, with a database."""
    schemas = shutil.copytree(root / "schemas", tmp_path / "schemas")
    add_reference(schemas, "accounts")
    return load(schemas)


@pytest.fixture
def shown(deployed: Topology) -> dict[str, Body]:
    """Its dashboards."""
    return bodies(render(deployed))


def charts(body: Body) -> list[Body]:
    return [widget["properties"] for widget in body["widgets"] if widget["type"] == "metric"]


def sources(body: Body) -> list[tuple[tuple[str, ...], str]]:
    """Each metric that a body names, with the statistic it is read by."""
    return [
        (names, str(options.get("stat", chart["stat"])))
        for chart in charts(body)
        for names, options in written_out(chart["metrics"])
        if names
    ]


def test_there_is_one_dashboard_for_each_component_and_an_overview(shown: dict[str, Body]) -> None:
    assert set(shown) == {f"wavetank-{name}" for name in ("overview", *COMPONENTS)}


def test_bodies_are_as_cloudwatch_documents_them(shown: dict[str, Body]) -> None:
    for body in shown.values():
        Draft202012Validator(BODY).validate(body)


def test_each_event_type_has_a_row_of_its_own_on_the_dashboard_of_each_component(shown: dict[str, Body]) -> None:
    for component in COMPONENTS:
        rows: dict[int, list[str]] = {}
        for widget in shown[f"wavetank-{component}"]["widgets"]:
            rows.setdefault(widget["y"], []).append(widget["properties"].get("title", "").partition(": ")[0])
        for event in ("click", "conversion", "impression"):
            assert list(rows.values()).count([event] * 4) == 1
            assert sum(row.count(event) for row in rows.values()) == 4


@pytest.mark.parametrize("name", ["overview", *COMPONENTS])
def test_widgets_lie_beside_each_other_on_the_grid(shown: dict[str, Body], name: str) -> None:
    taken: Counter[tuple[int, int]] = Counter()
    for widget in shown[f"wavetank-{name}"]["widgets"]:
        width, height = widget.get("width", 6), widget.get("height", 6)
        assert widget["x"] + width <= 24
        taken.update((widget["x"] + x, widget["y"] + y) for x in range(width) for y in range(height))
    assert set(taken.values()) == {1}


def test_every_metric_that_a_widget_names_is_one_that_is_sent(shown: dict[str, Body]) -> None:
    own = {(metric.name, tuple(map(str, metric.dimensions)), str(metric.statistic)) for metric in METRICS}
    services = {(each.namespace, each.name, (each.dimension,), str(each.statistic)) for each in SERVICE_METRICS}
    for body in shown.values():
        for (namespace, name, *dimensions), statistic in sources(body):
            keys = tuple(dimensions[::2])
            if namespace == "wavetank":
                assert (name, keys, statistic) in own
            else:
                assert (namespace, name, keys, statistic) in services


def test_every_metric_is_shown_somewhere(shown: dict[str, Body]) -> None:
    named = {names[:2] for body in shown.values() for names, _ in sources(body)}
    assert {("wavetank", metric.name) for metric in METRICS} - named == {("wavetank", each.name) for each in NOT_SHOWN}
    assert {(each.namespace, each.name) for each in SERVICE_METRICS} <= named


def test_every_resource_whose_metrics_are_shown_is_deployed(deployed: Topology, shown: dict[str, Body]) -> None:
    there: dict[str, set[str]] = {"EventType": {event.name for event in deployed.events}}
    for dimension, kind, key in (
        ("FunctionName", "AWS::Lambda::Function", "FunctionName"),
        ("StreamName", "AWS::Kinesis::Stream", "Name"),
        ("DeliveryStreamName", "AWS::KinesisFirehose::DeliveryStream", "DeliveryStreamName"),
        ("QueueName", "AWS::SQS::Queue", "QueueName"),
        ("TopicName", "AWS::SNS::Topic", "TopicName"),
    ):
        resources = whole(deployed)["Resources"].values()
        there[dimension] = {each["Properties"][key] for each in resources if each["Type"] == kind}
    there["LogGroupName"] = {f"/aws/lambda/{name}" for name in there["FunctionName"]}
    named: dict[str, set[str]] = {}
    for body in shown.values():
        for (_, _, *dimensions), _ in sources(body):
            for key, value in zip(dimensions[::2], dimensions[1::2], strict=True):
                named.setdefault(key, set()).add(value)
    assert named["TopicName"] <= there.pop("TopicName")
    assert {key: named[key] for key in there} == there


def test_expressions_read_each_hidden_metric_of_their_widget_and_no_other(shown: dict[str, Body]) -> None:
    expressions = 0
    for chart in [chart for body in shown.values() for chart in charts(body)]:
        options = [options for _, options in written_out(chart["metrics"])]
        ids = [each["id"] for each in options if "id" in each]
        texts = [each["expression"] for each in options if "expression" in each]
        read = re.findall(r"\bm\d+\b", " ".join(texts))
        assert len(set(ids)) == len(ids)
        assert sorted(read) == sorted(each["id"] for each in options if each.get("visible") is False)
        expressions += len(texts)
    assert expressions > 20


def test_what_is_on_the_right_has_a_unit_there(shown: dict[str, Body]) -> None:
    for chart in [chart for body in shown.values() for chart in charts(body)]:
        sides = {options.get("yAxis", "left") for _, options in written_out(chart["metrics"])}
        assert sides <= chart["yAxis"].keys()
        assert all(side["label"] for side in chart["yAxis"].values())


@pytest.mark.parametrize(("count", "parts"), [(101, 3)])
def test_dashboards_of_many_event_types_are_several_each_within_the_quotas(
    tmp_path: Path, count: int, parts: int
) -> None:
    shown = with_event_types(tmp_path, count, LONGEST_EVENT_NAME)
    assert len(shown) == 4 * parts + (count + 99) // 100
    for body in shown.values():
        Draft202012Validator(BODY).validate(body)
        assert len(body["widgets"]) <= MOST_WIDGETS
        assert len(sources(body)) <= MOST_METRICS
    for component in COMPONENTS:
        titles = [chart["title"] for name, body in shown.items() if f"-{component}" in name for chart in charts(body)]
        for number in range(count):
            event = f"event-{number:03}".ljust(LONGEST_EVENT_NAME, "x")
            assert sum(title.startswith(f"{event}: ") for title in titles) == 4


def test_a_dashboard_that_shows_some_of_the_event_types_says_which(tmp_path: Path) -> None:
    shown = with_event_types(tmp_path, 51)
    notes = {name: body["widgets"][0]["properties"]["markdown"] for name, body in shown.items()}
    assert "Event types event-000 to event-049." in notes["wavetank-source"]
    assert "Event types event-050 to event-050." in notes["wavetank-source-2"]
    assert "Event types" not in notes["wavetank-overview"]


def alarm(name: str) -> Body:
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": name}}


def alarms_of(deployed: Topology, others: dict[str, Body]) -> list[list[str]]:
    """The names of alarms on the overview, a list a widget."""
    templates = {name: {"Resources": part} for name, part in dashboards(deployed, others).items()}
    widgets = bodies(templates)["wavetank-overview"]["widgets"]
    return [
        [arn.rpartition(":")[2] for arn in widget["properties"]["alarms"]]
        for widget in widgets
        if widget["type"] == "alarm"
    ]


def test_the_overview_shows_the_state_of_every_alarm(deployed: Topology, shown: dict[str, Body]) -> None:
    resources = whole(deployed)["Resources"]
    [names] = alarms_of(deployed, resources)
    alarms = [each["Properties"] for each in resources.values() if "AlarmName" in each["Properties"]]
    rules = " ".join(str(each.get("AlarmRule", "")) for each in alarms)
    parts = {each["AlarmName"] for each in alarms if f'"{each["AlarmName"]}"' in rules}
    assert parts
    assert sorted(names) == sorted({each["AlarmName"] for each in alarms} - parts)
    [widget] = [widget for widget in shown["wavetank-overview"]["widgets"] if widget["type"] == "alarm"]
    assert {arn.rpartition(":")[2] for arn in widget["properties"]["alarms"]} == set(names)


def test_a_composite_alarm_stands_for_those_that_it_reads(deployed: Topology) -> None:
    rule = {"Fn::Sub": 'ALARM("raw-silent") OR ALARM("off")'}
    composite = {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {"AlarmName": "stopped", "AlarmRule": rule}}
    others = {"A": alarm("raw-silent"), "B": alarm("off"), "C": alarm("raw"), "D": composite}
    assert alarms_of(deployed, others) == [["raw", "stopped"]]


def test_more_alarms_than_a_widget_takes_are_on_several(deployed: Topology) -> None:
    others = {f"A{number}": alarm(f"alarm-{number}") for number in range(MOST_ALARMS_OF_A_WIDGET + 1)}
    assert [len(names) for names in alarms_of(deployed, others)] == [MOST_ALARMS_OF_A_WIDGET, 1]


def test_without_any_alarm_there_is_no_widget_of_alarms(deployed: Topology) -> None:
    assert alarms_of(deployed, {}) == []
