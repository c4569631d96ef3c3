"""Alarms, rules and roles."""

import json
from typing import Any

from tests.parity.cloudformation_rows.row import ACCOUNT, TAGS, Given, Properties, Row, allow, arn, tags, trust
from wavetank.emulator.stack.stack import EmbeddedStack


def alarms(prefix: str) -> dict[str, Row]:
    """Alarms on a metric, on a percentile, on an expression, and on other alarms."""
    one, two = arn("sns", f"{prefix}-one"), arn("sns", f"{prefix}-two")

    def describe(stack: EmbeddedStack, name: str) -> Properties:
        cloudwatch = stack.client("cloudwatch")
        found = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        if not found:
            raise LookupError("alarm not found")
        return {**found[0], "Tags": tags(cloudwatch.list_tags_for_resource(ResourceARN=found[0]["AlarmArn"])["Tags"])}

    def describe_composite(stack: EmbeddedStack, name: str) -> Properties:
        cloudwatch = stack.client("cloudwatch")
        found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
        if not found:
            raise LookupError("alarm not found")
        return {**found[0], "Tags": tags(cloudwatch.list_tags_for_resource(ResourceARN=found[0]["AlarmArn"])["Tags"])}

    def metric(stat: str) -> dict[str, Any]:
        return {
            "Id": "m",
            "MetricStat": {"Metric": {"Namespace": "N", "MetricName": "M"}, "Period": 60, "Stat": stat},
            "ReturnData": True,
        }

    band = {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m, 2)", "ReturnData": True}
    compare = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1}
    simple = {"Namespace": "N", "MetricName": "M", "Period": 60, "Threshold": 1.0}
    return {
        "Alarm": Row(
            "AWS::CloudWatch::Alarm",
            describe,
            first={
                **simple,
                **compare,
                "Statistic": "Sum",
                "ActionsEnabled": True,
                "AlarmActions": [one],
                "AlarmDescription": "one",
                "DatapointsToAlarm": 1,
                "Dimensions": [{"Name": "A", "Value": "1"}],
                "InsufficientDataActions": [one],
                "OKActions": [one],
                "TreatMissingData": "missing",
                "Unit": "Count",
                "Tags": TAGS[0],
            },
            second={
                "Namespace": "Other",
                "MetricName": "Other",
                "Period": 120,
                "Threshold": 2.5,
                "ComparisonOperator": "LessThanThreshold",
                "EvaluationPeriods": 3,
                "Statistic": "Maximum",
                "ActionsEnabled": False,
                "AlarmActions": [two],
                "AlarmDescription": "two",
                "DatapointsToAlarm": 2,
                "Dimensions": [{"Name": "B", "Value": "2"}],
                "InsufficientDataActions": [two],
                "OKActions": [two, one],
                "TreatMissingData": "breaching",
                "Unit": "Bytes",
                "Tags": TAGS[1],
            },
            third={**simple, **compare, "Statistic": "Sum"},
            default={"AlarmActions": [], "OKActions": [], "Dimensions": [], "Tags": [], "ActionsEnabled": True},
            replaced={"AlarmName": (f"{prefix}-alarm-1", f"{prefix}-alarm-2")},
        ),
        "Percentile": Row(
            "AWS::CloudWatch::Alarm",
            describe,
            always={**simple, **compare},
            first={"ExtendedStatistic": "p90", "EvaluateLowSampleCountPercentile": "evaluate"},
            second={"ExtendedStatistic": "p99", "EvaluateLowSampleCountPercentile": "ignore"},
            third={"ExtendedStatistic": "p50"},
            default={"EvaluateLowSampleCountPercentile": None},
        ),
        "Expression": Row(
            "AWS::CloudWatch::Alarm",
            describe,
            always={"EvaluationPeriods": 1, "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold"},
            first={"Metrics": [metric("Sum"), band], "ThresholdMetricId": "band"},
            second={"Metrics": [metric("Maximum"), {**band, "Id": "edge"}], "ThresholdMetricId": "edge"},
            third={"Metrics": [metric("Sum"), band], "ThresholdMetricId": "band"},
        ),
        "Composite": Row(
            "AWS::CloudWatch::CompositeAlarm",
            describe_composite,
            first={
                "AlarmRule": f'ALARM("{prefix}-watched-one")',
                "ActionsEnabled": True,
                "ActionsSuppressor": f"{prefix}-watched-one",
                "ActionsSuppressorExtensionPeriod": 60,
                "ActionsSuppressorWaitPeriod": 120,
                "AlarmActions": [one],
                "AlarmDescription": "one",
                "InsufficientDataActions": [one],
                "OKActions": [one],
                "Tags": TAGS[0],
            },
            second={
                "AlarmRule": f'ALARM("{prefix}-watched-one") OR NOT OK("{prefix}-watched-two")',
                "ActionsEnabled": False,
                "ActionsSuppressor": f"{prefix}-watched-two",
                "ActionsSuppressorExtensionPeriod": 180,
                "ActionsSuppressorWaitPeriod": 0,
                "AlarmActions": [two],
                "AlarmDescription": "two",
                "InsufficientDataActions": [two],
                "OKActions": [two, one],
                "Tags": TAGS[1],
            },
            third={"AlarmRule": "FALSE"},
            default={
                "AlarmActions": [],
                "OKActions": [],
                "Tags": [],
                "ActionsEnabled": True,
                "ActionsSuppressor": None,
            },
            replaced={
                "AlarmName": (
                    Given(AlarmName=f"{prefix}-composite-1", AlarmRule="FALSE"),
                    Given(AlarmName=f"{prefix}-composite-2", AlarmRule="FALSE"),
                )
            },
        ),
    }


def rules(prefix: str) -> dict[str, Row]:
    """A rule on a schedule, and one on a pattern."""
    targets = [{"Id": name, "Arn": arn("sqs", f"{prefix}-{name}")} for name in ("one", "two")]

    def describe(stack: EmbeddedStack, name: str) -> Properties:
        events, bus = stack.client("events"), "default"
        if "|" in name:
            bus, name = name.split("|")
        rule = events.describe_rule(Name=name, EventBusName=bus)
        there = events.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"]
        tagged = events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]
        pattern = json.loads(rule["EventPattern"]) if rule.get("EventPattern") else None
        return {**rule, "EventPattern": pattern, "Targets": there, "Tags": tags(tagged)}

    return {
        "Rule": Row(
            "AWS::Events::Rule",
            describe,
            first={
                "Description": "one",
                "ScheduleExpression": "rate(1 hour)",
                "State": "DISABLED",
                "Targets": targets,
                "Tags": TAGS[0],
            },
            second={
                "Description": "two",
                "ScheduleExpression": "rate(2 hours)",
                "State": "ENABLED",
                "Targets": [{**targets[1], "Input": '{"a": 1}'}],
                "Tags": TAGS[1],
            },
            third={"ScheduleExpression": "rate(3 hours)"},
            default={"Targets": [], "Tags": [], "State": "ENABLED", "Description": None},
            replaced={"Name": (f"{prefix}-rule-1", f"{prefix}-rule-2")},
        ),
        "Pattern": Row(
            "AWS::Events::Rule",
            describe,
            always={"State": "DISABLED"},
            first={"EventPattern": {"source": ["a"]}, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/a"},
            second={
                "EventPattern": {"source": ["b"], "detail": {"n": [1]}},
                "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/b",
            },
            third={"EventPattern": {"source": ["c"]}},
            default={"RoleArn": None},
            replaced={"EventBusName": (f"{prefix}-bus-1", f"{prefix}-bus-2")},
        ),
    }


def roles(prefix: str) -> dict[str, Row]:
    """A role."""
    managed = [f"arn:aws:iam::aws:policy/{name}" for name in ("ReadOnlyAccess", "AWSLambdaExecute")]

    def describe(stack: EmbeddedStack, name: str) -> Properties:
        iam = stack.client("iam")
        role = iam.get_role(RoleName=name)["Role"]
        inline = {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        }
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        return {
            **role,
            "PermissionsBoundary": boundary,
            "ManagedPolicyArns": [policy["PolicyArn"] for policy in attached],
            "Policies": [{"PolicyName": name, "PolicyDocument": inline[name]} for name in sorted(inline)],
            "Tags": tags(role.get("Tags") or []),
        }

    def policy(name: str, action: str) -> dict[str, Any]:
        return {"PolicyName": name, "PolicyDocument": allow(action)}

    return {
        "RoleUnderTest": Row(
            "AWS::IAM::Role",
            describe,
            first={
                "AssumeRolePolicyDocument": trust("lambda"),
                "Description": "one",
                "ManagedPolicyArns": [managed[0]],
                "MaxSessionDuration": 4000,
                "PermissionsBoundary": managed[0],
                "Policies": [policy("a", "s3:GetObject"), policy("b", "s3:PutObject")],
                "Tags": TAGS[0],
            },
            second={
                "AssumeRolePolicyDocument": trust("firehose"),
                "Description": "two",
                "ManagedPolicyArns": [managed[1]],
                "MaxSessionDuration": 5000,
                "PermissionsBoundary": managed[1],
                "Policies": [policy("b", "s3:ListBucket"), policy("c", "sqs:SendMessage")],
                "Tags": TAGS[1],
            },
            third={"AssumeRolePolicyDocument": trust("events")},
            default={
                "AssumeRolePolicyDocument": trust("events"),
                "Description": "",
                "ManagedPolicyArns": [],
                "MaxSessionDuration": 3600,
                "PermissionsBoundary": None,
                "Policies": [],
                "Tags": [],
            },
            replaced={"RoleName": (None, f"{prefix}-role-of-a-name"), "Path": ("/a/", "/b/")},
        ),
    }
