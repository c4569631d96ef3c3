"""The log group of each function, and the filters that make metrics of its lines (`pipeline.metrics`).

Source: CloudWatch Logs user guide, "Creating metrics from log events using filters", "Filter pattern syntax for metric
filters", "CloudWatch Logs quotas": 100 filters a group, one metric each, three dimensions.
"""

from typing import Any

from wavetank.pipeline.components.model import Logs
from wavetank.pipeline.metrics import FIELDS, METRICS, Handler, Metric
from wavetank.pipeline.names import log_group

Resources = dict[str, dict[str, Any]]

SYSTEM_LEVEL = "INFO"
"""Of Lambda's own lines: the start and the report of each invocation, and what went wrong."""


def group_id(function: str) -> str:
    """The logical id of a function's log group, by that of the function."""
    return f"{function}Logs"


def logging_config(function: str, settings: Logs) -> dict[str, Any]:
    """The `LoggingConfig` of a function, by its logical id: lines of JSON, in the group of the template."""
    return {
        "LogFormat": "JSON",
        "ApplicationLogLevel": settings.level.value,
        "SystemLogLevel": SYSTEM_LEVEL,
        "LogGroup": {"Ref": group_id(function)},
    }


def group(function: str, name: str, settings: Logs) -> Resources:
    """The log group of a function, by its logical id and its name.

    It is there before the function, whose role cannot make one, and so it goes after it.
    """
    properties = {"LogGroupName": log_group(name), "RetentionInDays": settings.retention_days}
    return {group_id(function): {"Type": "AWS::Logs::LogGroup", "Properties": properties}}


def filters(function: str, name: str, handler: Handler, namespace: str) -> Resources:
    """The metric filters of a function's log group, by its logical id and its name."""
    return {
        f"{function}{metric.name}Filter": {
            "Type": "AWS::Logs::MetricFilter",
            "Properties": {
                "FilterName": f"{name}-{metric.name}",
                "LogGroupName": {"Ref": group_id(function)},
                "FilterPattern": pattern(metric),
                "MetricTransformations": [_transformation(metric, namespace)],
            },
        }
        for metric in METRICS
        if handler in metric.handlers
    }


def pattern(metric: Metric) -> str:
    """The lines that have a number for a metric: that of a failed invocation may lack it."""
    return f'{{ ($.message = "{metric.message}") && ($.{metric.field} >= 0) }}'


def _transformation(metric: Metric, namespace: str) -> dict[str, Any]:
    dimensions = [{"Key": each.value, "Value": f"$.{FIELDS[each]}"} for each in metric.dimensions]
    return {
        "MetricNamespace": namespace,
        "MetricName": metric.name,
        "MetricValue": f"$.{metric.field}",
        "Unit": metric.unit.value,
        **({"Dimensions": dimensions} if dimensions else {}),
    }
