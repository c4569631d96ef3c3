"""Every function has a log group in its stack, and every metric a filter in the groups of its functions."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.pipeline.template.test_dumpers import add_reference
from tests.unit.pipeline.test_topology import add_event
from wavetank.pipeline.metrics import METRICS, Handler, Metric
from wavetank.pipeline.names import Names
from wavetank.pipeline.template.render import compact, render
from wavetank.pipeline.topology import load

STAGE = "prod"
NAMES = Names.of_stage(STAGE)
FUNCTIONS = {
    Handler.PROCESSOR: (NAMES.processor("ping"), NAMES.processor("pong")),
    Handler.PARTITIONER: (NAMES.partitioner,),
    Handler.REPLAYER: (NAMES.replayer,),
    Handler.PLANNER: (NAMES.planner,),
    Handler.CONCATENATOR: (NAMES.concatenator,),
    Handler.RESCUER: (NAMES.rescuer,),
    Handler.DUMPER: (NAMES.dumper("ads"),),
}
MOST_FILTERS = 100
"""CloudWatch Logs user guide, "CloudWatch Logs quotas"."""
MOST_DIMENSIONS = 3
MOST_BYTES_INLINE = 51_200
"""CloudFormation user guide, "Quotas": of a template in a request."""

Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("project")
    for name in ("ping", "pong"):
        add_event(folder / "schemas", name)
    add_reference(folder / "schemas", "accounts")
    (folder / "wavetank.toml").write_text(f"[stages.{STAGE}]\n")
    return render(load(folder / "schemas", STAGE))


def of_type(resources: Resources, kind: str) -> Resources:
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


def groups_of_functions(templates: dict[str, dict[str, Any]]) -> dict[str, tuple[Resources, str]]:
    """Name of a function → the resources of its stack, and the logical id of its log group there."""
    return {
        function["FunctionName"]: (template["Resources"], function["LoggingConfig"]["LogGroup"]["Ref"])
        for template in templates.values()
        for function in of_type(template["Resources"], "AWS::Lambda::Function").values()
    }


def test_each_function_logs_json_to_a_group_of_its_own_stack_that_is_kept_for_a_time(
    templates: dict[str, dict[str, Any]],
) -> None:
    groups = groups_of_functions(templates)
    assert groups.keys() == {name for names in FUNCTIONS.values() for name in names}
    for name, (resources, group) in groups.items():
        assert resources[group]["Properties"]["LogGroupName"] == f"/aws/lambda/{name}"
        assert resources[group]["Properties"]["RetentionInDays"] == 30
    for template in templates.values():
        for function in of_type(template["Resources"], "AWS::Lambda::Function").values():
            levels = {key: value for key, value in function["LoggingConfig"].items() if key != "LogGroup"}
            assert levels == {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_has_a_filter_in_the_log_group_of_each_of_its_functions(
    templates: dict[str, dict[str, Any]], metric: Metric
) -> None:
    groups = groups_of_functions(templates)
    for name in (name for handler in metric.handlers for name in FUNCTIONS[handler]):
        resources, group = groups[name]
        [properties] = [
            each
            for each in of_type(resources, "AWS::Logs::MetricFilter").values()
            if each["LogGroupName"] == {"Ref": group} and each["MetricTransformations"][0]["MetricName"] == metric.name
        ]
        fields = {
            "EventType": "$.event_type",
            "FunctionName": "$.function",
            "Reason": "$.reason",
            "Reference": "$.reference",
        }
        dimensions = [{"Key": key, "Value": fields[key]} for key in map(str, metric.dimensions)]
        assert properties["FilterPattern"] == f'{{ ($.message = "{metric.message}") && ($.{metric.field} >= 0) }}'
        [transformation] = properties["MetricTransformations"]
        assert transformation["MetricNamespace"] == "wavetank-prod"
        assert transformation["MetricValue"] == f"$.{metric.field}"
        assert transformation["Unit"] == metric.unit
        assert transformation.get("Dimensions", []) == dimensions
        assert "DefaultValue" not in transformation


def test_no_filter_is_for_anything_else(templates: dict[str, dict[str, Any]]) -> None:
    filters = [
        (properties["LogGroupName"]["Ref"], properties["MetricTransformations"][0]["MetricName"])
        for template in templates.values()
        for properties in of_type(template["Resources"], "AWS::Logs::MetricFilter").values()
    ]
    groups = {name: group for name, (_, group) in groups_of_functions(templates).items()}
    expected = [
        (groups[name], metric.name) for metric in METRICS for handler in metric.handlers for name in FUNCTIONS[handler]
    ]
    assert sorted(filters) == sorted(expected)


def test_filters_keep_to_the_quotas_and_no_two_have_one_name(templates: dict[str, dict[str, Any]]) -> None:
    kind = "AWS::Logs::MetricFilter"
    every = [each for template in templates.values() for each in of_type(template["Resources"], kind).values()]
    assert len({each["FilterName"] for each in every}) == len(every)
    groups = [each["LogGroupName"]["Ref"] for each in every]
    assert max(groups.count(group) for group in groups) <= MOST_FILTERS
    assert max(len(each["MetricTransformations"][0].get("Dimensions", [])) for each in every) <= MOST_DIMENSIONS


def test_a_role_can_make_no_log_group(templates: dict[str, dict[str, Any]]) -> None:
    kind = "AWS::IAM::Role"
    roles = [each for template in templates.values() for each in of_type(template["Resources"], kind).values()]
    assert "logs:PutLogEvents" in str(roles)
    assert "logs:CreateLogGroup" not in str(roles)


def test_a_component_fits_into_a_request(tmp_path: Path) -> None:
    add_event(tmp_path, "event".ljust(32, "x"))
    deployed = load(tmp_path)
    stack = deployed.names.component_stack(deployed.events[0].name)
    assert len(compact(stack, render(deployed)[stack]).encode()) <= MOST_BYTES_INLINE
