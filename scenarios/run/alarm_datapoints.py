"""Reads the alarms that are deployed and the datapoints of their metrics during a run, by the emulator's clock.

The states that CloudWatch says they have are not looked at: definitions and datapoints alone are taken, and worked out
by the oracle. How many messages are in a queue, which SQS would report every minute, is asked of the queue.

A drill moves the clock on by hours in a moment. That is no silence: a period in which there is no datapoint counts as
missing only if the clock went all the way through it, or the drill says that its jumps are gaps.
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wavetank.pipeline.template.render import whole
from wavetank.scenarios.client.metric_data import Metric, datapoints
from wavetank.scenarios.oracle.alarms import Alarm, Composite, Missing, Watched, WatchedComposite, stretches_of
from wavetank.scenarios.oracle.metric_math import Series, evaluate
from wavetank.scenarios.site.site import Site

ALARM, COMPOSITE = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"
QUEUE_LENGTH, QUEUE_NAME = ("AWS/SQS", "ApproximateNumberOfMessagesVisible"), "QueueName"
MOST_MESSAGES = 10
"""So many messages at most come with one ReceiveMessage (Amazon SQS API reference)."""
FILL = "FILL("
MINUTE_S = 60
JOINED: Mapping[str, Callable[[Iterable[float]], float]] = {"Sum": sum, "Maximum": max, "Minimum": min}
"""How the values of minutes make that of a longer period, by statistic."""
JUMP_S = 1.0
"""The clock was moved on where it went so much further than the time that passed."""

Clock = Sequence[tuple[float, float]]
"""Times at which the emulator's clock was looked at, by a steady clock and by itself (seconds)."""


@dataclass(frozen=True)
class Definition:
    """An alarm with what it watches: metrics by their ids, and an expression over them, empty for the only one."""

    alarm: Alarm
    metrics: Mapping[str, Metric]
    expression: str

    @property
    def tells_silence(self) -> bool:
        """Whether a datapoint that is missing can make it ring."""
        return self.alarm.missing is Missing.BREACHING or FILL in self.expression

    def values(self, series: Mapping[str, Series], periods: Collection[int]) -> dict[int, float]:
        """What it compares to its threshold, by the number of the period."""
        if self.expression:
            return evaluate(self.expression, series, periods)
        (only,) = series.values()
        return dict(only)

    def is_settled(self, extremes: Mapping[Metric, float], periods: int, silent: int) -> bool:
        """Whether it cannot have rung, by how much came in all the time and how many periods that was.

        silent: the most periods that can have been missing one after another.
        """
        if periods < self.alarm.datapoints:
            return True
        if self.alarm.missing is Missing.BREACHING:
            return silent < self.alarm.datapoints and not self._breaches(extremes)
        if self.expression:
            known = {
                name: dict.fromkeys([0], 1.0) if metric in extremes else {} for name, metric in self.metrics.items()
            }
            return not any(metric in extremes for metric in self.metrics.values()) or not evaluate(
                self.expression, known, [0]
            )
        return not self._breaches(extremes)

    def _breaches(self, extremes: Mapping[Metric, float]) -> bool:
        return any(self.alarm.breaches(extremes[metric]) for metric in self.metrics.values() if metric in extremes)


@dataclass(frozen=True)
class Passed:
    """The time of a run by the emulator's clock; what that jumped over until `silence_s` was silence."""

    since_s: float
    until_s: float
    clock: Clock = ()
    silence_s: float = 0.0

    def periods(self, length_s: int) -> range:
        """The numbers of all periods of this length that it touches."""
        return range(int(self.since_s // length_s), int(self.until_s // length_s) + 1)

    def lived(self, length_s: int) -> set[int]:
        """The numbers of the periods that the clock went all the way through."""
        through: set[int] = set()
        for begun_s, ended_s in self._intervals():
            through.update(range(math.ceil(begun_s / length_s), int(ended_s // length_s)))
        return through

    def _intervals(self) -> Iterator[tuple[float, float]]:
        """The longest intervals without a jump."""
        begun_s = ended_s = None
        for (steady, at_s), (then, later_s) in zip(self.clock, self.clock[1:], strict=False):
            if later_s > self.silence_s and abs((later_s - at_s) - (then - steady)) > JUMP_S:
                if begun_s is not None and ended_s is not None:
                    yield begun_s, ended_s
                begun_s = ended_s = None
            else:
                begun_s, ended_s = at_s if begun_s is None else begun_s, later_s
        if begun_s is not None and ended_s is not None:
            yield begun_s, ended_s


def watched(
    site: Site, since_s: float, until_s: float, clock: Clock = (), silence_s: float = 0.0
) -> tuple[Watched | WatchedComposite, ...]:
    """Every alarm of the pipeline, with the datapoints from `since_s` to `until_s` (seconds since the epoch).

    clock: how emulator time went by between them; what it jumped over until `silence_s` was silence.
    """
    passed = Passed(since_s, until_s, clock, silence_s)
    resources = whole(site.topology)["Resources"].values()
    own = {each["Properties"]["AlarmName"] for each in resources if each["Type"] in (ALARM, COMPOSITE)}
    metric_alarms, composites = _described(site, own)
    definitions = [_definition(site, alarm) for alarm in metric_alarms]
    reader = _Reader(site, passed)
    extremes = reader.extremes(definitions)
    several = {each.alarm.name: _watched(reader, each, extremes) for each in definitions}
    return (
        *several.values(),
        *(
            WatchedComposite(
                Composite(each["AlarmName"], each["AlarmRule"], _pages(site, each)),
                tuple(part for name, part in several.items() if f'"{name}"' in each["AlarmRule"]),
            )
            for each in composites
        ),
    )


def clear_dead_messages(site: Site) -> int:
    """Take every message out of the queue of merges that were given up, as a person does who read them; how many."""
    sqs, cleared = site.stack.client("sqs"), 0
    url = sqs.get_queue_url(QueueName=site.names.dead_merges)["QueueUrl"]
    while some := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=MOST_MESSAGES).get("Messages", []):
        for message in some:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        cleared += len(some)
    return cleared


def _described(site: Site, own: Collection[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The definitions of these alarms: on metrics, and composite."""
    pages = list(
        site.stack.client("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(AlarmNamePrefix=f"{site.names.prefix}-", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    )
    both = ("MetricAlarms", "CompositeAlarms")
    of_metrics, composite = (
        [alarm for page in pages for alarm in page.get(key, ()) if alarm["AlarmName"] in own] for key in both
    )
    return of_metrics, composite


def _definition(site: Site, described: Mapping[str, Any]) -> Definition:
    stats = [each for each in described.get("Metrics", ()) if "MetricStat" in each]
    expressions = [each["Expression"] for each in described.get("Metrics", ()) if "Expression" in each]
    if stats:
        metrics = {each["Id"]: _metric(each["MetricStat"]["Metric"], each["MetricStat"]["Stat"]) for each in stats}
        (period_s,) = {each["MetricStat"]["Period"] for each in stats}
    else:
        metrics, period_s = {"only": _metric(described, described["Statistic"])}, described["Period"]
    periods = described["EvaluationPeriods"]
    alarm = Alarm(
        name=described["AlarmName"],
        period_s=period_s,
        periods=periods,
        datapoints=described.get("DatapointsToAlarm", periods),
        comparison=described["ComparisonOperator"],
        threshold=described["Threshold"],
        missing=Missing(described.get("TreatMissingData", Missing.MISSING)),
        pages=_pages(site, described),
    )
    return Definition(alarm, metrics, "".join(expressions))


def _metric(described: Mapping[str, Any], statistic: str) -> Metric:
    """The metric as an alarm's definition has it."""
    dimensions = tuple((each["Name"], each["Value"]) for each in described.get("Dimensions", ()))
    return Metric(described["Namespace"], described["MetricName"], dimensions, statistic)


def _pages(site: Site, described: Mapping[str, Any]) -> bool:
    return any(action.endswith(f":{site.names.page_topic}") for action in described.get("AlarmActions", ()))


def _watched(reader: "_Reader", definition: Definition, extremes: Mapping[Metric, float]) -> Watched:
    """The alarm with its datapoints; without any where it cannot have rung."""
    alarm, passed = definition.alarm, reader.passed
    periods = passed.periods(alarm.period_s)
    lived = passed.lived(alarm.period_s)
    silent = max(map(len, stretches_of(lived)), default=0)
    if definition.is_settled(extremes, len(periods), silent):
        return Watched(alarm, {}, ())
    series = {
        name: reader.series(metric, alarm.period_s) if metric in extremes else {}
        for name, metric in definition.metrics.items()
    }
    counted = lived.union(*series.values())
    values = definition.values(series, counted)
    stretches = stretches_of(counted) if definition.tells_silence else None
    return Watched(alarm, {number * alarm.period_s: value for number, value in values.items()}, stretches)


class _Reader:
    """Reads datapoints of a time that has passed."""

    def __init__(self, site: Site, passed: Passed) -> None:
        self._site, self.passed = site, passed
        self._read: dict[tuple[Metric, int], Series] = {}

    def extremes(self, definitions: Iterable[Definition]) -> dict[Metric, float]:
        """Of each metric that has a datapoint, a value that none of its periods is beyond, as its alarm compares."""
        wanted = [(definition.alarm, metric) for definition in definitions for metric in definition.metrics.values()]
        least = {metric for alarm, metric in wanted if alarm.comparison.startswith("Less")}
        most = dict.fromkeys(metric for _, metric in wanted)
        queues = {metric: dict(metric.dimensions) for metric in most if (metric.namespace, metric.name) == QUEUE_LENGTH}
        lengths = {
            metric: float(self._length(dimensions[QUEUE_NAME]))
            for metric, dimensions in queues.items()
            if dimensions.keys() == {QUEUE_NAME}
        }
        self._read |= {(metric, 0): {0: length} for metric, length in lengths.items()}
        statistics = {"Average": "Maximum"}
        asked = {
            metric: "Minimum" if metric in least else statistics.get(metric.statistic, metric.statistic)
            for metric in most
            if metric not in lengths
        }
        first_s, whole_s = self._bounds(MINUTE_S)
        values = self._datapoints(asked, first_s, first_s + whole_s, whole_s)
        return lengths | {metric: next(iter(each.values())) for metric, each in values.items() if each}

    def series(self, metric: Metric, period_s: int) -> Series:
        """The values of a metric by the number of their period."""
        if (metric, 0) in self._read:
            (length,) = self._read[metric, 0].values()
            return {int(self.passed.until_s // period_s): length}
        if (metric, period_s) not in self._read:
            first_s, whole_s = self._bounds(period_s)
            values = self._datapoints({metric: metric.statistic}, first_s, first_s + whole_s, period_s)
            series = {int(at // period_s): value for at, value in values[metric].items()}
            since_s, number = self.passed.since_s // MINUTE_S * MINUTE_S, int(first_s // period_s)
            if number in series and since_s > first_s and metric.statistic in JOINED:
                # Of the first period without the minutes before the run, in which another one may have been held.
                minutes = self._datapoints({metric: metric.statistic}, since_s, first_s + period_s, MINUTE_S)[metric]
                del series[number]
                series |= {number: JOINED[metric.statistic](minutes.values())} if minutes else {}
            self._read[metric, period_s] = series
        return self._read[metric, period_s]

    def _bounds(self, period_s: int) -> tuple[float, int]:
        """The beginning of the first period, and the seconds of all of them."""
        periods = self.passed.periods(period_s)
        return periods.start * period_s, len(periods) * period_s

    def _length(self, queue: str) -> int:
        sqs, count = self._site.stack.client("sqs"), "ApproximateNumberOfMessages"
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[count])["Attributes"][count])

    def _datapoints(
        self, asked: Mapping[Metric, str], since_s: float, until_s: float, period_s: int
    ) -> dict[Metric, dict[float, float]]:
        """The datapoints of metrics, each by a statistic: the beginning of their period → value."""
        wanted = {metric: replace(metric, statistic=statistic) for metric, statistic in asked.items()}
        cloudwatch = self._site.stack.client("cloudwatch")
        return datapoints(cloudwatch, wanted, since_s=since_s, until_s=until_s, period_s=period_s)
