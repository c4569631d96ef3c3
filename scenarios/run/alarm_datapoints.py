"""Reads the alarms that are deployed and the datapoints of their metrics during a run, by the emulator's clock.

What CloudWatch says of their states is of no use here: it evaluates them once a minute of the wall clock, and a drill
that moves emulator time on by hours is over in seconds. So only definitions and datapoints are taken, as the drill's
own clock has them. How many messages are in a queue, which SQS would report every minute, is asked of the queue.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from wavetank.pipeline import topology
from wavetank.scenarios.oracle.alarms import Alarm, Missing, Watched
from wavetank.scenarios.site.site import Site

SQS = "AWS/SQS"
MOST_MESSAGES = 10
"""So many messages at most come with one ReceiveMessage (Amazon SQS API reference)."""
EXTREMES = {"Maximum", "Minimum", "Average"}
"""Statistics of which no datapoint is beyond the extreme of the whole time."""


def watched(site: Site, since_s: float, until_s: float) -> tuple[Watched, ...]:
    """Every alarm of the pipeline, with the datapoints from `since_s` to `until_s` (seconds since the epoch)."""
    pages = site.stack.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=topology.PROJECT)
    defined = [alarm for page in pages for alarm in page["MetricAlarms"]]
    return tuple(Watched(_alarm(found), _values(site, found, since_s, until_s)) for found in defined)


def clear_dead_messages(site: Site) -> int:
    """Take every message out of the queue of those that were given up, as somebody does who has read them; how many."""
    sqs, cleared = site.stack.client("sqs"), 0
    url = sqs.get_queue_url(QueueName=topology.DEAD_MERGES)["QueueUrl"]
    while some := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=MOST_MESSAGES).get("Messages", []):
        for message in some:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        cleared += len(some)
    return cleared


def _alarm(found: Mapping[str, Any]) -> Alarm:
    periods = found["EvaluationPeriods"]
    return Alarm(
        found["AlarmName"],
        found["Period"],
        periods,
        found.get("DatapointsToAlarm", periods),
        found["ComparisonOperator"],
        found["Threshold"],
        Missing(found.get("TreatMissingData", Missing.MISSING)),
    )


def _values(site: Site, found: Mapping[str, Any], since_s: float, until_s: float) -> dict[float, float]:
    if found["Namespace"] == SQS:
        return {until_s: _messages(site, _dimension(found, "QueueName"))}
    period_s = found["Period"]
    first_s = since_s // period_s * period_s
    whole_s = math.ceil((until_s - first_s) / period_s + 1) * period_s
    if found["Statistic"] in EXTREMES:
        extreme = "Minimum" if found["ComparisonOperator"].startswith("Less") else "Maximum"
        at_most = _datapoints(site, found, extreme, whole_s, first_s, first_s + whole_s)
        if not any(_alarm(found).breaches(value) for value in at_most.values()):
            return at_most
    return _datapoints(site, found, found["Statistic"], period_s, first_s, first_s + whole_s)


def _datapoints(
    site: Site, found: Mapping[str, Any], statistic: str, period_s: int, first_s: float, end_s: float
) -> dict[float, float]:
    metric = {name: found[name] for name in ("Namespace", "MetricName", "Dimensions")}
    query: Any = {"Id": "m", "MetricStat": {"Metric": metric, "Period": period_s, "Stat": statistic}}
    pages = (
        site.stack.client("cloudwatch")
        .get_paginator("get_metric_data")
        .paginate(
            MetricDataQueries=[query],
            StartTime=datetime.fromtimestamp(first_s, UTC),
            EndTime=datetime.fromtimestamp(end_s, UTC),
        )
    )
    return {
        moment.timestamp(): value
        for page in pages
        for result in page["MetricDataResults"]
        for moment, value in zip(result["Timestamps"], result["Values"], strict=True)
    }


def _messages(site: Site, queue: str) -> float:
    sqs = site.stack.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    name = "ApproximateNumberOfMessages"
    return float(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def _dimension(found: Mapping[str, Any], name: str) -> str:
    dimensions: Sequence[Mapping[str, str]] = found["Dimensions"]
    return next(each["Value"] for each in dimensions if each["Name"] == name)
