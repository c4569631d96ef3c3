"""The figures of dashboards: what GetMetricData and DescribeAlarms answer, in few calls."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from wavetank.scenarios.dashboard.body import LEFT, RIGHT, AlarmStates, Chart, Dashboard, Query
from wavetank.scenarios.dashboard.expressions import renamed
from wavetank.scenarios.dashboard.span import Span, moment

MOST_QUERIES = 500
"""Of a call (API reference, GetMetricData)."""
MOST_ALARMS = 100
"""Of a call (API reference, DescribeAlarms)."""
TOTAL, MOST, MEAN = "total", "most", "mean"
UNKNOWN = "UNKNOWN"
STATES = ("ALARM", "INSUFFICIENT_DATA", "OK", UNKNOWN)
"""The states of alarms as they are listed: those that ring first."""

Client = Callable[[str], Any]
"""Gives the CloudWatch client of a region; of the pipeline's own for an empty name."""


@dataclass(frozen=True, slots=True)
class Series:
    """A line: points of seconds since the epoch and a finite value, by time; `unit` in words, empty for none."""

    label: str
    points: tuple[tuple[int, float], ...]
    unit: str = ""
    side: str = LEFT
    statistic: str = "Average"

    @property
    def summary(self) -> tuple[str, float] | None:
        """The whole span as one value, and which: the total of sums, the mean of averages, or the most."""
        values = [value for _, value in self.points]
        if not values:
            return None
        if self.statistic in ("Sum", "SampleCount"):
            return TOTAL, math.fsum(values)
        if self.statistic == "Average":
            return MEAN, math.fsum(value / len(values) for value in values)
        return MOST, max(values)


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm by its name, and its state."""

    name: str
    state: str


@dataclass(frozen=True)
class Figures:
    """What charts show in a span, and the states of alarms by ARN; problems: why something may be missing."""

    span: Span
    series: Mapping[Chart, tuple[Series, ...]] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def alarms(self, of: AlarmStates) -> list[Alarm]:
        """The alarms of a widget, those that ring first."""
        alarms = [Alarm(arn.rpartition(":alarm:")[2] or arn, self.states.get(arn, UNKNOWN)) for arn in of.alarms]
        return sorted(alarms, key=lambda alarm: (STATES.index(alarm.state), alarm.name))


def ask(client: Client, dashboards: Sequence[Dashboard], span: Span) -> Figures:
    """The figures of all these dashboards, each chart asked for once. Raises ClientError."""
    charts = list(dict.fromkeys(chart for dashboard in dashboards for chart in dashboard.charts))
    answers: dict[str, list[Mapping[str, Any]]] = {}
    problems: dict[str, None] = {}
    for region in dict.fromkeys(chart.region for chart in charts):
        numbered = [(number, chart) for number, chart in enumerate(charts) if chart.region == region]
        for request in requests(numbered, span.period_s):
            for answer in _answers(client(region), request, span, problems):
                answers.setdefault(answer["Id"], []).append(answer)
    series = {chart: tuple(_series(number, chart, answers)) for number, chart in enumerate(charts)}
    boards = [widget.content for dashboard in dashboards for widget in dashboard.widgets]
    arns = dict.fromkeys(arn for board in boards if isinstance(board, AlarmStates) for arn in board.alarms)
    return Figures(span, series, _states(client(""), list(arns)), tuple(problems))


def requests(charts: Sequence[tuple[int, Chart]], period_s: int) -> Iterator[list[dict[str, Any]]]:
    """The queries of charts by their numbers, put together into calls; those of one chart stay in one."""
    request: list[dict[str, Any]] = []
    for number, chart in charts:
        queries = list(_queries(number, chart, period_s))
        if request and len(request) + len(queries) > MOST_QUERIES:
            yield request
            request = []
        request += queries
    if request:
        yield request


def _queries(number: int, chart: Chart, period_s: int) -> Iterator[dict[str, Any]]:
    prefix, metrics = f"c{number}_", [query.id for query in chart.queries if not query.expression]
    for query in chart.queries:
        asked: dict[str, Any] = {"Id": f"{prefix}{query.id}", "Label": query.label, "ReturnData": query.is_visible}
        if query.expression:
            asked["Expression"] = renamed(query.expression, prefix, metrics)
            asked["Period"] = period_s
        else:
            namespace, name, *dimensions = query.names
            pairs = batched(dimensions, 2, strict=True)
            metric = {
                "Namespace": namespace,
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": value} for key, value in pairs],
            }
            asked["MetricStat"] = {"Metric": metric, "Period": period_s, "Stat": query.statistic}
        yield asked


def _answers(
    cloudwatch: Any, request: list[dict[str, Any]], span: Span, problems: dict[str, None]
) -> Iterator[Mapping[str, Any]]:
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=request,
        StartTime=moment(span.start),
        EndTime=moment(span.end),
        ScanBy="TimestampAscending",
    )
    for page in pages:
        for message in page.get("Messages", ()):
            problems[f"{message.get('Code')}: {message.get('Value')}"] = None
        for answer in page["MetricDataResults"]:
            if answer.get("StatusCode") in ("InternalError", "Forbidden"):
                problems[f"{answer.get('Label')}: {answer['StatusCode']}"] = None
            yield answer


def _series(number: int, chart: Chart, answers: Mapping[str, list[Mapping[str, Any]]]) -> Iterator[Series]:
    """The lines of a chart; of an expression that gives several, each by its own label."""
    for query in chart.queries:
        if not query.is_visible:
            continue
        by_label: dict[str, list[Mapping[str, Any]]] = {}
        for answer in answers.get(f"c{number}_{query.id}", ()):
            by_label.setdefault(str(answer.get("Label") or query.label), []).append(answer)
        for label, parts in (by_label or {query.label: []}).items():
            unit = chart.right if query.side == RIGHT else chart.left
            yield _line(query, query.label if len(by_label) < 2 else label, parts, unit)


def _line(query: Query, label: str, parts: Sequence[Mapping[str, Any]], unit: str) -> Series:
    points = {
        int(time.timestamp()): float(value)
        for part in parts
        for time, value in zip(part["Timestamps"], part["Values"], strict=True)
        if math.isfinite(value)
    }
    return Series(label, tuple(sorted(points.items())), unit, query.side, query.statistic)


def _states(cloudwatch: Any, arns: Sequence[str]) -> dict[str, str]:
    names = {arn.rpartition(":alarm:")[2]: arn for arn in arns}
    states = {}
    for some in batched(names, MOST_ALARMS, strict=False):
        asked = {"AlarmNames": list(some), "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
        for page in cloudwatch.get_paginator("describe_alarms").paginate(**asked):
            for alarm in (*page.get("MetricAlarms", ()), *page.get("CompositeAlarms", ())):
                arn = names.get(alarm["AlarmName"])
                if arn is not None and alarm["StateValue"] in STATES:
                    states[arn] = str(alarm["StateValue"])
    return states
