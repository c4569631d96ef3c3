"""Reads the alarms that are deployed and the datapoints of their metrics during a run, by the emulator's clock.

What CloudWatch says of their states is of no use here: it evaluates them once a minute of the wall clock, and a drill
that moves emulator time on by hours is over in seconds. So only definitions and datapoints are taken, as the drill's
own clock has them. How many messages are in a queue, which SQS would report every minute, is asked of the queue.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from wavetank.pipeline.template.render import whole
from wavetank.scenarios.oracle.alarms import Alarm, Missing, Watched
from wavetank.scenarios.site.site import Site

SQS = "AWS/SQS"
MOST_MESSAGES = 10
"""So many messages at most come with one ReceiveMessage (Amazon SQS API reference)."""
EXTREMES = {"Maximum", "Minimum", "Average"}
"""Statistics of which no datapoint is beyond the extreme of the whole time."""


def watched(site: Site, since_s: float, until_s: float) -> tuple[Watched, ...]:
    """Every alarm of the pipeline, with the datapoints from `since_s` to `until_s` (seconds since the epoch)."""
    resources = whole(site.topology)["Resources"].values()
    own = {each["Properties"]["AlarmName"] for each in resources if each["Type"] == "AWS::CloudWatch::Alarm"}
    prefix = f"{site.names.prefix}-"
    pages = site.stack.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix)
    watched_alarms = []
    for definition in (alarm for page in pages for alarm in page["MetricAlarms"] if alarm["AlarmName"] in own):
        periods = definition["EvaluationPeriods"]
        alarm = Alarm(
            name=definition["AlarmName"],
            period_s=definition["Period"],
            periods=periods,
            datapoints=definition.get("DatapointsToAlarm", periods),
            comparison=definition["ComparisonOperator"],
            threshold=definition["Threshold"],
            missing=Missing(definition.get("TreatMissingData", Missing.MISSING)),
        )
        values = _values(site, alarm, definition, since_s=since_s, until_s=until_s)
        watched_alarms.append(Watched(alarm, values))
    return tuple(watched_alarms)


def clear_dead_messages(site: Site) -> int:
    """Take every message out of the queue of merges that were given up, as a person does who read them; how many."""
    sqs, cleared = site.stack.client("sqs"), 0
    url = sqs.get_queue_url(QueueName=site.names.dead_merges)["QueueUrl"]
    while some := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=MOST_MESSAGES).get("Messages", []):
        for message in some:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        cleared += len(some)
    return cleared


def _values(
    site: Site, alarm: Alarm, definition: Mapping[str, Any], since_s: float, until_s: float
) -> dict[float, float]:
    if definition["Namespace"] == SQS:
        dimensions: Sequence[Mapping[str, str]] = definition["Dimensions"]
        queue = next(dimension["Value"] for dimension in dimensions if dimension["Name"] == "QueueName")
        sqs, count = site.stack.client("sqs"), "ApproximateNumberOfMessages"
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        return {until_s: float(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[count])["Attributes"][count])}
    first_s = since_s // alarm.period_s * alarm.period_s
    whole_s = math.ceil((until_s - first_s) / alarm.period_s + 1) * alarm.period_s
    metric = {name: definition[name] for name in ("Namespace", "MetricName", "Dimensions")}

    def datapoints(statistic: str, period_s: int) -> dict[float, float]:
        query: Any = {"Id": "m", "MetricStat": {"Metric": metric, "Period": period_s, "Stat": statistic}}
        start, end = (datetime.fromtimestamp(at_s, UTC) for at_s in (first_s, first_s + whole_s))
        paginator = site.stack.client("cloudwatch").get_paginator("get_metric_data")
        return {
            moment.timestamp(): value
            for page in paginator.paginate(MetricDataQueries=[query], StartTime=start, EndTime=end)
            for result in page["MetricDataResults"]
            for moment, value in zip(result["Timestamps"], result["Values"], strict=True)
        }

    if definition["Statistic"] in EXTREMES:
        extremes = datapoints("Minimum" if alarm.comparison.startswith("Less") else "Maximum", whole_s)
        if not any(map(alarm.breaches, extremes.values())):
            return extremes
    return datapoints(definition["Statistic"], alarm.period_s)
