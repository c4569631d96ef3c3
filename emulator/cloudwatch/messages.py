"""The messages in which alarms tell topics and functions of another state.

Sources: Amazon CloudWatch User Guide, "Notifying users on alarm changes" and "Invoke a Lambda function from an alarm";
the fields of messages to topics are those of messages that AWS sends.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import botocore.session

from wavetank.emulator.cloudwatch.alarm import Alarm, CompositeAlarm
from wavetank.emulator.cloudwatch.core.reasons import stamp
from wavetank.emulator.cloudwatch.evaluator import Change

LONGEST_SUBJECT = 100
"""Characters of a subject (Amazon SNS API Reference, Publish)."""


def subject(change: Change) -> str:
    """The subject of the message to a topic."""
    alarm = change.alarm
    return f'{change.after["StateValue"]}: "{alarm.name}" in {region_name(alarm.region)}'[:LONGEST_SUBJECT]


def for_topic(change: Change) -> str:
    """The message to a topic, in JSON."""
    alarm, document = change.alarm, change.after
    message = {
        "AlarmName": alarm.name,
        "AlarmDescription": document.get("AlarmDescription"),
        "AWSAccountId": alarm.account,
        "AlarmConfigurationUpdatedTimestamp": _stamp(document["AlarmConfigurationUpdatedTimestamp"]),
        "NewStateValue": document["StateValue"],
        "NewStateReason": document["StateReason"],
        "StateChangeTime": stamp(change.at),
        "Region": region_name(alarm.region),
        "AlarmArn": alarm.arn,
        "OldStateValue": change.before["StateValue"],
        "OKActions": document["OKActions"],
        "AlarmActions": document["AlarmActions"],
        "InsufficientDataActions": document["InsufficientDataActions"],
    }
    if isinstance(alarm, CompositeAlarm):
        data = json.loads(document.get("StateReasonData") or "{}")
        message["AlarmRule"] = document["AlarmRule"]
        message["TriggeringChildren"] = [
            {"Arn": child["arn"], "State": {"Value": child["state"]["value"], "Timestamp": child["state"]["timestamp"]}}
            for child in data.get("triggeringAlarms", ())
        ]
    else:
        message["Trigger"] = _trigger(document)
    return json.dumps(message, separators=(",", ":"))


def for_function(change: Change) -> str:
    """The event for a function, in JSON."""
    alarm = change.alarm
    event = {
        "source": "aws.cloudwatch",
        "alarmArn": alarm.arn,
        "accountId": alarm.account,
        "time": stamp(change.at),
        "region": alarm.region,
        "alarmData": {
            "alarmName": alarm.name,
            "state": _state(change.after),
            "previousState": _state(change.before),
            "configuration": _configuration(alarm, change.after),
        },
    }
    return json.dumps(event, separators=(",", ":"))


@cache
def region_name(region: str) -> str:
    """The name that people know a region by: `US East (N. Virginia)`; its code for one that botocore does not know."""
    partitions = botocore.session.get_session().get_component("data_loader").load_data("partitions")["partitions"]
    names = {code: about["description"] for each in partitions for code, about in each["regions"].items()}
    return str(names.get(region, region))


def _stamp(moment: Any) -> str:
    return stamp(moment.timestamp())


def _trigger(document: Mapping[str, Any]) -> dict[str, Any]:
    common = {
        "Period": int(document.get("Period") or _period(document.get("Metrics") or ())),
        "EvaluationPeriods": int(document["EvaluationPeriods"]),
        **({"DatapointsToAlarm": int(document["DatapointsToAlarm"])} if document.get("DatapointsToAlarm") else {}),
        "ComparisonOperator": document["ComparisonOperator"],
        "Threshold": float(document.get("Threshold") or 0.0),
        "TreatMissingData": document.get("TreatMissingData") or "missing",
        "EvaluateLowSampleCountPercentile": document.get("EvaluateLowSampleCountPercentile") or "",
    }
    if document.get("ThresholdMetricId"):
        common["ThresholdMetricId"] = document["ThresholdMetricId"]
    if document.get("Metrics"):
        return {**common, "Metrics": [_metric(each) for each in document["Metrics"]]}
    extended = document.get("ExtendedStatistic")
    return {
        "MetricName": document.get("MetricName"),
        "Namespace": document.get("Namespace"),
        "StatisticType": "ExtendedStatistic" if extended else "Statistic",
        **({"ExtendedStatistic": extended} if extended else {"Statistic": _statistic(document["Statistic"])}),
        "Unit": document.get("Unit"),
        "Dimensions": _dimensions(document),
        **common,
    }


def _statistic(name: str) -> str:
    return "SAMPLE_COUNT" if name == "SampleCount" else name.upper()


def _period(metrics: Sequence[Mapping[str, Any]]) -> int:
    return next((int(each["MetricStat"]["Period"]) for each in metrics if each.get("MetricStat")), 60)


def _dimensions(metric: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"value": each["Value"], "name": each["Name"]} for each in metric.get("Dimensions") or ()]


def _metric(query: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: query[name] for name in ("Expression", "Id", "Label") if query.get(name)}
    if stat := query.get("MetricStat"):
        metric = stat["Metric"]
        named = {"MetricName": metric["MetricName"], "Namespace": metric.get("Namespace")}
        shown["MetricStat"] = {
            "Metric": {"Dimensions": _dimensions(metric), **named},
            "Period": int(stat["Period"]),
            "Stat": stat["Stat"],
        }
    return {**shown, "ReturnData": query.get("ReturnData", True)}


def _state(document: Mapping[str, Any]) -> dict[str, Any]:
    shown = {
        "value": document["StateValue"],
        "reason": document["StateReason"],
        "reasonData": document.get("StateReasonData"),
        "timestamp": _stamp(document["StateUpdatedTimestamp"]),
        "actionsSuppressedBy": document.get("ActionsSuppressedBy"),
        "actionsSuppressedReason": document.get("ActionsSuppressedReason"),
    }
    return {name: value for name, value in shown.items() if value is not None}


def _configuration(alarm: Alarm, document: Mapping[str, Any]) -> dict[str, Any]:
    described = {"description": document.get("AlarmDescription") or ""}
    if isinstance(alarm, CompositeAlarm):
        names = ("ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
        given = {f"a{name[1:]}": document[name] for name in names if document.get(name) is not None}
        return {**described, "alarmRule": document["AlarmRule"], **given}
    queries = document.get("Metrics") or [
        {
            "Id": "m1",
            "MetricStat": {
                "Metric": {name: document.get(name) for name in ("Namespace", "MetricName", "Dimensions")},
                "Period": document["Period"],
                "Stat": document.get("Statistic") or document.get("ExtendedStatistic"),
            },
        }
    ]
    return {**described, "metrics": [_event_metric(each) for each in queries]}


def _event_metric(query: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": query["Id"], "returnData": query.get("ReturnData", True)}
    if query.get("Expression"):
        shown["expression"] = query["Expression"]
    if stat := query.get("MetricStat"):
        metric = stat["Metric"]
        dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions") or ()}
        shown["metricStat"] = {
            "metric": {"namespace": metric.get("Namespace"), "name": metric["MetricName"], "dimensions": dimensions},
            "period": int(stat["Period"]),
            "stat": stat["Stat"],
        }
    return shown
