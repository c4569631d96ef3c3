"""Log groups, metric filters and dashboards."""

import json
from typing import Any

from tests.parity.cloudformation_rows.row import ACCOUNT, REGION, TAGS, Given, Properties, Row, tags
from wavetank.emulator.stack.stack import EmbeddedStack


def log_groups(prefix: str) -> dict[str, Row]:
    """Log groups of both classes."""
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{{}}"

    def describe(stack: EmbeddedStack, name: str) -> Properties:
        logs = stack.client("logs")
        found = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        if not found:
            raise LookupError("log group not found")
        group = found[0]
        listed = logs.list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"]
        return {
            "KmsKeyId": group.get("kmsKeyId"),
            "LogGroupClass": group.get("logGroupClass"),
            "RetentionInDays": group.get("retentionInDays"),
            "Tags": tags(listed),
        }

    return {
        "LogGroup": Row(
            "AWS::Logs::LogGroup",
            describe,
            first={"KmsKeyId": key.format("one"), "RetentionInDays": 7, "Tags": TAGS[0]},
            second={"KmsKeyId": key.format("two"), "RetentionInDays": 14, "Tags": TAGS[1]},
            default={"KmsKeyId": None, "RetentionInDays": None, "Tags": [], "LogGroupClass": "STANDARD"},
            replaced={"LogGroupName": (f"/{prefix}/log-1", f"/{prefix}/log-2")},
        ),
        "RareLogGroup": Row(
            "AWS::Logs::LogGroup",
            describe,
            always={"LogGroupClass": "INFREQUENT_ACCESS"},
            first={"RetentionInDays": 1},
            second={"RetentionInDays": 3},
            default={"RetentionInDays": None, "LogGroupClass": "INFREQUENT_ACCESS"},
        ),
    }


def metric_filters(prefix: str) -> dict[str, Row]:
    """A metric filter."""
    groups = [f"/{prefix}/filtered-{number}" for number in (1, 2)]

    def describe(stack: EmbeddedStack, name: str) -> Properties:
        found = stack.client("logs").describe_metric_filters(filterNamePrefix=name)["metricFilters"]
        if not found:
            raise LookupError("metric filter not found")
        metric = dict(found[0]["metricTransformations"][0])
        dimensions = [{"Key": key, "Value": value} for key, value in metric.pop("dimensions", {}).items()]
        described = {key[0].upper() + key[1:]: value for key, value in metric.items()}
        return {
            **found[0],
            "FilterPattern": found[0]["filterPattern"],
            "MetricTransformations": [{**described, "Dimensions": dimensions}],
        }

    def transformation(**more: Any) -> list[dict[str, Any]]:
        return [{"MetricName": "Latency", "MetricNamespace": prefix, **more}]

    plain = {"FilterPattern": "ERROR", "MetricTransformations": transformation(MetricValue="1")}
    return {
        "MetricFilter": Row(
            "AWS::Logs::MetricFilter",
            describe,
            always={"LogGroupName": groups[0]},
            first={
                "FilterPattern": '{ $.message = "invocation" }',
                "MetricTransformations": transformation(
                    MetricValue="$.latency", Unit="Seconds", Dimensions=[{"Key": "Kind", "Value": "$.kind"}]
                ),
            },
            second={
                "FilterPattern": "[kind, latency > 3]",
                "MetricTransformations": transformation(MetricValue="$latency", DefaultValue=0.0),
            },
            third=plain,
            default={"MetricTransformations": transformation(MetricValue="1", Dimensions=[])},
            replaced={
                "FilterName": (f"{prefix}-filter-1", f"{prefix}-filter-2"),
                "LogGroupName": (Given(LogGroupName=groups[0]), Given(LogGroupName=groups[1])),
            },
        ),
    }


def dashboards(prefix: str) -> dict[str, Row]:
    """A dashboard."""

    def describe(stack: EmbeddedStack, name: str) -> Properties:
        return dict(stack.client("cloudwatch").get_dashboard(DashboardName=name))

    def body(text: str) -> str:
        widget = {"type": "text", "x": 0, "y": 0, "width": 6, "height": 3, "properties": {"markdown": text}}
        return json.dumps({"widgets": [widget]})

    return {
        "Dashboard": Row(
            "AWS::CloudWatch::Dashboard",
            describe,
            first={"DashboardBody": body("one")},
            second={"DashboardBody": body("two")},
            third={"DashboardBody": body("three")},
            replaced={"DashboardName": (f"{prefix}-dashboard-1", f"{prefix}-dashboard-2")},
        ),
    }
