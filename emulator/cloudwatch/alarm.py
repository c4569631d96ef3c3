"""Alarms as they are defined: read from what PutMetricAlarm and PutCompositeAlarm are given.

Source: Amazon CloudWatch API Reference, PutMetricAlarm and PutCompositeAlarm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wavetank.emulator.cloudwatch.core.calculation import TimeSeries
from wavetank.emulator.cloudwatch.core.metrics import Metrics
from wavetank.emulator.cloudwatch.core.queries import Queries, Query, QueryError, Stat, Stretches, metric_id, read_stat
from wavetank.emulator.cloudwatch.core.reasons import Datapoint
from wavetank.emulator.cloudwatch.core.rule import Rule, RuleError, read_rule
from wavetank.emulator.cloudwatch.core.statistics import few_samples, statistic
from wavetank.emulator.cloudwatch.core.suppression import Periods, Suppression
from wavetank.emulator.cloudwatch.core.verdict import COMPARISONS, Condition, Missing, State

MINUTE_S, HOUR_S, DAY_S, WEEK_S = 60, 3600, 86_400, 604_800
SHORT_PERIODS_S = (10, 20, 30)
SHORT_EVERY_S = 10
BAND = "ANOMALY_DETECTION_BAND"
ONLY = "m"
"""The id of the query of an alarm on one metric."""

type Document = dict[str, Any]
"""An alarm as DescribeAlarms shows it."""


class AlarmError(ValueError):
    """An alarm that cannot be as it is defined."""


@dataclass
class Alarm:
    """An alarm; its state is in `document`."""

    arn: str
    account: str
    region: str
    document: Document

    @property
    def name(self) -> str:
        """Its name, of which there is one in an account and a region."""
        return str(self.document["AlarmName"])

    @property
    def state(self) -> State:
        """Its state."""
        return State(self.document["StateValue"])


@dataclass
class MetricAlarm(Alarm):
    """An alarm on a metric or an expression; one on an anomaly has no condition, and is not evaluated."""

    queries: Queries
    returned: str
    period_s: int
    condition: Condition | None
    next_at: float = 0.0
    window: tuple[float, Stretches] = (0.0, ())
    """The time at which it was looked at last, and the periods that it looked at then."""

    @property
    def every_s(self) -> int:
        """Seconds from one evaluation to the next (User Guide, "Evaluating an alarm")."""
        if self.period_s < MINUTE_S:
            return SHORT_EVERY_S
        return HOUR_S if self.condition and self.condition.periods * self.period_s > DAY_S else MINUTE_S

    def next_value(self, metrics: Metrics, start: float) -> float:
        """The time of the first value of any of its metrics from `start` on; infinite where there is none."""
        return min((metrics.next(stat.metric, stat.unit, start) for stat in self.queries.stats), default=float("inf"))

    def last_value(self, metrics: Metrics, before: float) -> float:
        """The time of the last value of any of its metrics before then; minus infinite where there is none."""
        return max((metrics.last(stat.metric, stat.unit, before) for stat in self.queries.stats), default=float("-inf"))

    def times(self, metrics: Metrics, start: float, end: float, most: int) -> list[float]:
        """The times of its metrics' values from `start` to before `end`; not all where they are more than `most`."""
        return [at for stat in self.queries.stats for at in metrics.times(stat.metric, stat.unit, start, end, most)]

    def datapoints(self, metrics: Metrics, stretches: Stretches) -> list[Datapoint]:
        """A datapoint for each of these stretches. Raises QueryError for an expression that makes no time series."""
        query = self.queries.query(self.returned)
        if query is not None and isinstance(query.source, Stat):
            return _of_stat(query.source, metrics, stretches)
        value = self.queries.answer(metrics, lambda _period_s: stretches)[self.returned]
        if not isinstance(value, TimeSeries):
            raise QueryError(f"The expression '{self.returned}' does not make one time series.")
        return [Datapoint(start, value.points.get(start)) for start, _end in stretches]

    def has_few_samples(self, metrics: Metrics, newest: tuple[float, float]) -> bool:
        """Whether it waits until its percentile has more values than those of the newest period."""
        percentile = self.document.get("ExtendedStatistic")
        if not percentile or self.document.get("EvaluateLowSampleCountPercentile") != "ignore":
            return False
        [bucket] = metrics.read(self.queries.stats[0].metric, self.queries.stats[0].unit, [newest])
        return bucket is not None and few_samples(percentile, bucket)


@dataclass
class CompositeAlarm(Alarm):
    """An alarm on other alarms."""

    rule: Rule
    children: tuple[str, ...]
    suppressor: str | None
    periods: Periods
    suppression: Suppression = field(default_factory=Suppression)
    owed: Any = None
    """The change of state whose actions are suppressed."""

    def arn_of(self, alarm: str) -> str:
        """The ARN of an alarm that the rule names, by name or ARN."""
        return _arn_of(self.arn, alarm)


def read_metric_alarm(arn: str, account: str, region: str, document: Document) -> MetricAlarm:
    """The alarm that a document defines. Raises AlarmError."""
    try:
        queries, returned = _queries(account, region, document)
    except QueryError as error:
        raise AlarmError(str(error)) from error
    periods_s = {stat.period_s for stat in queries.stats}
    if len(periods_s) > 1:
        raise AlarmError("All metrics of an alarm must have the same Period.")
    period_s = next(iter(periods_s), int(document.get("Period") or MINUTE_S))
    if period_s < MINUTE_S and period_s not in SHORT_PERIODS_S:
        raise AlarmError("Period must be 10, 20, 30 or a multiple of 60.")
    return MetricAlarm(
        arn=arn,
        account=account,
        region=region,
        document=document,
        queries=queries,
        returned=returned,
        period_s=period_s,
        condition=_condition(document, period_s),
    )


def read_composite_alarm(arn: str, account: str, region: str, document: Document) -> CompositeAlarm:
    """The alarm that a document defines. Raises AlarmError."""
    try:
        rule = read_rule(document.get("AlarmRule") or "")
    except RuleError as error:
        raise AlarmError(str(error)) from error

    suppressor = document.get("ActionsSuppressor")
    periods = [document.get(f"ActionsSuppressor{name}Period") for name in ("Wait", "Extension")]
    if suppressor and None in periods:
        raise AlarmError("ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod go with ActionsSuppressor.")
    return CompositeAlarm(
        arn=arn,
        account=account,
        region=region,
        document=document,
        rule=rule,
        children=tuple(dict.fromkeys(_arn_of(arn, child.alarm) for child in rule.children())),
        suppressor=_arn_of(arn, suppressor) if suppressor else None,
        periods=Periods(*(float(seconds or 0) for seconds in periods)),
    )


def _arn_of(neighbour: str, alarm: str) -> str:
    """The ARN of an alarm in the place of another one."""
    return alarm if alarm.startswith("arn:") else f"{neighbour.partition(':alarm:')[0]}:alarm:{alarm}"


def _of_stat(stat: Stat, metrics: Metrics, stretches: Stretches) -> list[Datapoint]:
    compute = statistic(stat.statistic)
    buckets = metrics.read(stat.metric, stat.unit, stretches)
    return [
        Datapoint(start) if bucket is None else Datapoint(start, compute(bucket), bucket.count)
        for (start, _end), bucket in zip(stretches, buckets, strict=True)
    ]


def _condition(document: Mapping[str, Any], period_s: int) -> Condition | None:
    periods = int(document["EvaluationPeriods"])
    datapoints = int(document.get("DatapointsToAlarm") or periods)
    if not 1 <= datapoints <= periods:
        raise AlarmError(f"DatapointsToAlarm must be 1 to EvaluationPeriods ({periods}), not {datapoints}.")
    longest_s = WEEK_S if period_s >= HOUR_S else DAY_S
    if periods * period_s > longest_s:
        raise AlarmError(f"EvaluationPeriods * Period must be at most {longest_s} seconds, not {periods * period_s}.")
    if document["ComparisonOperator"] not in COMPARISONS or document.get("ThresholdMetricId"):
        return None
    if document.get("Threshold") is None:
        raise AlarmError("Threshold must be given.")
    return Condition(
        comparison=document["ComparisonOperator"],
        threshold=float(document["Threshold"]),
        periods=periods,
        datapoints=datapoints,
        missing=Missing(document.get("TreatMissingData") or Missing.MISSING),
    )


def _queries(account: str, region: str, document: Mapping[str, Any]) -> tuple[Queries, str]:
    """The queries of an alarm, and the id of that which it watches."""
    given: Sequence[Mapping[str, Any]] | None = document.get("Metrics")
    if given and document.get("MetricName"):
        raise AlarmError("An alarm has either a MetricName or Metrics.")
    if not given:
        return Queries([_only_query(account, region, document)]), ONLY
    if document.get("ThresholdMetricId"):
        given = [each for each in given if BAND not in (each.get("Expression") or "")]
    queries = Queries.read(account, region, given)
    values = queries.check()
    returned = [query.id for query in queries.queries if query.returns_data]
    if len(returned) != 1:
        raise AlarmError(f"Exactly one element of Metrics must have ReturnData true, not {len(returned)}.")
    if not isinstance(values[returned[0]], TimeSeries):
        raise AlarmError(f"The expression '{returned[0]}' must make one time series: no number, and no array.")
    return queries, returned[0]


def _only_query(account: str, region: str, document: Mapping[str, Any]) -> Query:
    name = document.get("Statistic") or document.get("ExtendedStatistic")
    if not document.get("MetricName") or not document.get("Namespace"):
        raise AlarmError("An alarm needs a MetricName with its Namespace, or Metrics.")
    if not name or (document.get("Statistic") and document.get("ExtendedStatistic")):
        raise AlarmError("An alarm on a metric has either a Statistic or an ExtendedStatistic.")
    if not document.get("Period"):
        raise AlarmError("An alarm on a metric has a Period.")
    stat = read_stat(metric_id(account, region, document), document["Period"], name, document.get("Unit"))
    return Query(ONLY, stat)
