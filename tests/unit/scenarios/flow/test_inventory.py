"""The inventory reads what templates have, in whichever form CloudFormation takes it."""

import json
from collections.abc import Mapping

import pytest

from wavetank.scenarios.flow.inventory import inventory

STAT = {"MetricStat": {"Metric": {}, "Period": 60, "Stat": "Sum"}}


def resources(**properties: Mapping[str, object]) -> dict[str, object]:
    return {
        "Resources": {
            name: {"Type": kind.replace("__", "::"), "Properties": given}
            for name, each in properties.items()
            for kind, given in each.items()
            if isinstance(given, dict)
        }
    }


def test_alarms_count_by_the_metrics_that_they_look_at() -> None:
    metrics = [STAT | {"Id": "a"}, STAT | {"Id": "b"}, {"Id": "c", "Expression": "a/b"}]
    template = resources(
        Plain={"AWS__CloudWatch__Alarm": {"MetricName": "Errors"}},
        Math={"AWS__CloudWatch__Alarm": {"Metrics": metrics}},
        Both={"AWS__CloudWatch__CompositeAlarm": {"AlarmRule": "TRUE"}},
    )
    counted = inventory({"wavetank-click": template}, {"wavetank-click": "click"})
    assert (counted.alarms, counted.composites, counted.alarm_count) == ({"click": 3}, {"click": 1}, 3)


def test_dashboards_count_the_metrics_of_each_widget_also_in_a_substitution() -> None:
    body = json.dumps({"widgets": [{"properties": {"metrics": [["A"], ["B"]]}}, {"type": "text", "properties": {}}]})
    template = resources(
        One={"AWS__CloudWatch__Dashboard": {"DashboardName": "one", "DashboardBody": body}},
        Two={"AWS__CloudWatch__Dashboard": {"DashboardName": "two", "DashboardBody": {"Fn::Sub": body}}},
        Odd={"AWS__CloudWatch__Dashboard": {"DashboardName": "odd", "DashboardBody": {"Ref": "Body"}}},
    )
    assert inventory({"s": template}, {}).dashboards == {"one": (2, 0), "two": (2, 0), "odd": ()}


def test_logs_are_kept_for_ever_where_one_log_group_says_nothing() -> None:
    kept = {"AWS__Logs__LogGroup": {"RetentionInDays": 30}}
    for_ever: dict[str, object] = {"AWS__Logs__LogGroup": {}}
    assert inventory({"s": resources(One=kept, Two={"AWS__Logs__LogGroup": {"RetentionInDays": 7}})}, {}).log_days == 30
    assert inventory({"s": resources(One=kept, Two=for_ever)}, {}).log_days is None
    assert inventory({"s": resources()}, {}).log_days is None


@pytest.mark.parametrize(("storage", "size"), [({}, 512), ({"EphemeralStorage": {"Size": 2_048}}, 2_048)])
def test_a_function_that_asks_for_no_room_has_what_every_one_has(storage: dict[str, object], size: int) -> None:
    function = {"FunctionName": "f", "Handler": "a.planner.handle", "MemorySize": 128, "Timeout": 3, **storage}
    assert inventory({"s": resources(F={"AWS__Lambda__Function": function})}, {}).functions["f"].temporary_mib == size


def test_filters_count_by_log_group() -> None:
    filters = {"AWS__Logs__MetricFilter": {"LogGroupName": {"Ref": "Group"}}}
    assert inventory({"s": resources(One=filters, Two=filters)}, {}).filters == {'{"Ref":"Group"}': 2}
