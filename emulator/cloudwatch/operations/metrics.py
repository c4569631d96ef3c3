"""PutMetricData, GetMetricData, GetMetricStatistics and ListMetrics.

Source: Amazon CloudWatch API Reference, the page of each.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from math import ceil, isfinite
from typing import Any

from localstack.aws.api import CommonServiceException
from localstack.aws.api.cloudwatch import InvalidParameterCombinationException, InvalidParameterValueException

from wavetank.emulator.cloudwatch.core.calculation import TimeSeries
from wavetank.emulator.cloudwatch.core.metrics import MetricId, Metrics
from wavetank.emulator.cloudwatch.core.queries import (
    Queries,
    Query,
    QueryError,
    Stat,
    Stretches,
    check_period,
    metric_id,
    read_stat,
)
from wavetank.emulator.cloudwatch.service import METRICS
from wavetank.emulator.runtime.clock import CLOCK

OLDEST_S, NEWEST_S = 14 * 86_400, 2 * 3_600
"""A datum may be two weeks old, and two hours ahead, by the emulator's clock."""
MAX_DATA, MAX_VALUES, MAX_QUERIES = 1_000, 150, 500
MAX_PAGE, MAX_STRETCHES, MAX_STATISTICS = 100_800, 1_000_000, 1_440
LISTED_PAGE = 500
LISTED_S = 14 * 86_400
RECENT_S = 3 * 3_600
NO_UNIT = "None"


class ValidationError(CommonServiceException):
    """A request that makes no sense."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationError", message, 400, sender_fault=True)


def put_metric_data(
    _provider: Any,
    context: Any,
    namespace: str,
    metric_data: Sequence[Mapping[str, Any]] | None = None,
    entity_metric_data: Sequence[Mapping[str, Any]] | None = None,
    **_given: Any,
) -> None:
    """Count values. All data of the request are looked at before any of them counts."""
    data = [*(metric_data or ()), *(datum for each in entity_metric_data or () for datum in each["MetricData"])]
    if not 1 <= len(data) <= MAX_DATA:
        raise InvalidParameterValueException(f"MetricData must have 1 to {MAX_DATA} members, not {len(data)}.")
    now = CLOCK.now()
    for number, datum in enumerate(data, 1):
        _check_values(f"MetricData.member.{number}", datum)
        # What services send of themselves does not come through this call on AWS.
        if not context.is_internal_call and datum.get("Timestamp"):
            _check_time(f"MetricData.member.{number}.Timestamp", datum["Timestamp"].timestamp() - now)
    for datum in data:
        metric = metric_id(context.account_id, context.region, {"Namespace": namespace, **datum})
        unit, fine = datum.get("Unit") or NO_UNIT, datum.get("StorageResolution") == 1
        at = datum["Timestamp"].timestamp() if datum.get("Timestamp") else now
        if statistics := datum.get("StatisticValues"):
            count, total, least, most = (
                float(statistics[name]) for name in ("SampleCount", "Sum", "Minimum", "Maximum")
            )
            METRICS.put_statistics(metric, unit, at, (count, total, least, most), fine=fine)
        elif datum.get("Values"):
            counts = datum.get("Counts") or [1.0] * len(datum["Values"])
            METRICS.put(metric, unit, at, zip(map(float, datum["Values"]), map(float, counts), strict=True), fine=fine)
        else:
            METRICS.put(metric, unit, at, [(float(datum["Value"]), 1.0)], fine=fine)


def _check_values(name: str, datum: Mapping[str, Any]) -> None:
    given = [kind for kind in ("Value", "Values", "StatisticValues") if datum.get(kind) not in (None, [])]
    if len(given) > 1:
        raise InvalidParameterCombinationException(
            f"The parameters {name}.{given[0]} and {name}.{given[1]} are mutually exclusive and you have specified "
            "both."
        )
    if not given:
        raise InvalidParameterCombinationException(f"{name} must have a Value, Values or StatisticValues.")
    values, counts = datum.get("Values") or (), datum.get("Counts") or ()
    if len(values) > MAX_VALUES:
        raise InvalidParameterValueException(f"{name}.Values must have at most {MAX_VALUES} members.")
    if counts and len(values) != len(counts):
        raise InvalidParameterValueException(
            f"The parameters {name}.Values and {name}.Counts must be of the same size."
        )
    numbers = [*values, *counts, *(datum.get("StatisticValues") or {}).values(), datum.get("Value") or 0.0]
    if not all(isfinite(float(number)) for number in numbers):
        raise InvalidParameterValueException(f"{name} must have finite numbers.")


def _check_time(name: str, ahead_s: float) -> None:
    if ahead_s < -OLDEST_S:
        raise InvalidParameterValueException(
            f"The parameter {name} must specify a time no more than two weeks in the past."
        )
    if ahead_s > NEWEST_S:
        raise InvalidParameterValueException(
            f"The parameter {name} must specify a time no more than two hours in the future."
        )


def get_metric_data(
    _provider: Any,
    context: Any,
    metric_data_queries: Sequence[Mapping[str, Any]],
    start_time: datetime,
    end_time: datetime,
    next_token: str | None = None,
    scan_by: str | None = None,
    max_datapoints: int | None = None,
    **_given: Any,
) -> dict[str, Any]:
    """The datapoints of queries, page by page."""
    if start_time >= end_time:
        raise ValidationError("The parameter EndTime must be greater than StartTime.")
    if not 1 <= len(metric_data_queries) <= MAX_QUERIES:
        raise ValidationError(f"MetricDataQueries must have 1 to {MAX_QUERIES} members.")
    try:
        queries = Queries.read(context.account_id, context.region, metric_data_queries)
        values = queries.answer(METRICS, lambda period_s: _stretches(start_time, end_time, period_s))
    except QueryError as error:
        raise ValidationError(str(error)) from error
    results = [
        (query.id, label, points)
        for query in queries.queries
        if query.returns_data
        for label, points in _labelled(query, values[query.id], queries)
    ]
    return _page(
        results, first=_offset(next_token), most=max_datapoints or MAX_PAGE, ascends=scan_by == "TimestampAscending"
    )


def _stretches(start_time: datetime, end_time: datetime, period_s: int) -> Stretches:
    """The periods from one time to another, which begin with a whole minute, or where short ones divide it evenly."""
    step_s = period_s if period_s < 60 else 60
    start = start_time.timestamp() // step_s * step_s
    number = ceil((end_time.timestamp() - start) / period_s)
    if number > MAX_STRETCHES:
        raise QueryError(
            f"{number} datapoints are too many to be asked for at once: take a longer Period than {period_s} s, or "
            "less time."
        )
    return [(start + place * period_s, start + (place + 1) * period_s) for place in range(number)]


def _labelled(query: Query, value: Any, queries: Queries) -> Iterator[tuple[str, dict[float, float]]]:
    """The time series of a query, each with its label."""
    if isinstance(value, float):
        raise ValidationError(f"Error in expression '{query.id}': its value is a number, not a time series.")
    for series in (value,) if isinstance(value, TimeSeries) else value:
        label = query.label if query.label is not None else ""
        if not isinstance(query.source, Stat):
            label = label or query.id
            yield (label if isinstance(value, TimeSeries) else f"{label} {series.label}".strip()), series.points
            continue
        distinct = [
            str(part)
            for part, parts in (
                (query.source.statistic, {stat.statistic for stat in queries.stats}),
                (query.source.period_s, {stat.period_s for stat in queries.stats}),
            )
            if len(parts) > 1
        ]
        yield label or " ".join([query.source.metric.name, *distinct]), series.points


def _page(
    results: Sequence[tuple[str, str, dict[float, float]]], *, first: int, most: int, ascends: bool
) -> dict[str, Any]:
    """So many datapoints of all results, from the one with the number `first` on."""
    shown, before, end = [], 0, first + most
    for id_, label, points in results:
        times = sorted(points, reverse=not ascends)
        page = times[max(0, first - before) : max(0, end - before)]
        before += len(times)
        shown.append(
            {
                "Id": id_,
                "Label": label,
                "Timestamps": [datetime.fromtimestamp(at, UTC) for at in page],
                "Values": [points[at] for at in page],
                "StatusCode": "Complete" if before <= end else "PartialData",
            }
        )
    return {"MetricDataResults": shown, "Messages": [], **({"NextToken": str(end)} if before > end else {})}


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    if not token.isascii() or not token.isdigit():
        raise ValidationError(f"The NextToken {token!r} is none that was given out.")
    return int(token)


def get_metric_statistics(
    _provider: Any,
    context: Any,
    namespace: str,
    metric_name: str,
    start_time: datetime,
    end_time: datetime,
    period: int,
    dimensions: Sequence[Mapping[str, str]] | None = None,
    statistics: Sequence[str] | None = None,
    extended_statistics: Sequence[str] | None = None,
    unit: str | None = None,
    **_given: Any,
) -> dict[str, Any]:
    """The datapoints of one metric, for each unit apart."""
    if start_time >= end_time:
        raise InvalidParameterValueException("The parameter StartTime must be less than the parameter EndTime.")
    named = {"Namespace": namespace, "MetricName": metric_name, "Dimensions": dimensions}
    metric = metric_id(context.account_id, context.region, named)
    names = [*(statistics or ()), *(extended_statistics or ())]
    if not names:
        raise InvalidParameterCombinationException("Either Statistics or ExtendedStatistics must be specified.")
    try:
        check_period(period)
        stretches = _stretches(start_time, end_time, period)
        by_unit = {
            each: {name: read_stat(metric, period, name, each).over(METRICS, stretches).points for name in names}
            for each in ([unit] if unit else METRICS.units(metric))
        }
    except QueryError as error:
        raise InvalidParameterValueException(str(error)) from error
    if len(stretches) > MAX_STATISTICS:
        raise InvalidParameterCombinationException(
            f"You have requested up to {len(stretches)} datapoints, which exceeds the limit of {MAX_STATISTICS}. "
            "You may reduce the datapoints requested by increasing Period, or decreasing the time range."
        )
    datapoints = [
        point
        for unit_name, by_statistic in by_unit.items()
        for point in _statistics(by_statistic, set(extended_statistics or ()), unit_name or NO_UNIT)
    ]
    return {"Label": metric_name, "Datapoints": datapoints}


def _statistics(
    by_statistic: Mapping[str, Mapping[float, float]], extended: set[str], unit: str
) -> Iterator[dict[str, Any]]:
    by_time: defaultdict[float, dict[str, float]] = defaultdict(dict)
    for name, points in by_statistic.items():
        for at, value in points.items():
            by_time[at][name] = value
    for at, values in by_time.items():
        point: dict[str, Any] = {"Timestamp": datetime.fromtimestamp(at, UTC), "Unit": unit}
        point |= {name: value for name, value in values.items() if name not in extended}
        if shown := {name: value for name, value in values.items() if name in extended}:
            point["ExtendedStatistics"] = shown
        yield point


def list_metrics(
    _provider: Any,
    context: Any,
    namespace: str | None = None,
    metric_name: str | None = None,
    dimensions: Sequence[Mapping[str, str]] | None = None,
    next_token: str | None = None,
    recently_active: str | None = None,
    **_given: Any,
) -> dict[str, Any]:
    """The metrics that have had values in two weeks, or lately."""
    since = CLOCK.now() - (RECENT_S if recently_active else LISTED_S)
    wanted = [(each["Name"], each.get("Value")) for each in dimensions or ()]

    def fits(metric: MetricId) -> bool:
        held = dict(metric.dimensions)
        return (
            namespace in (None, metric.namespace)
            and metric_name in (None, metric.name)
            and all(name in held and value in (None, "", held[name]) for name, value in wanted)
        )

    metrics = [metric for metric in METRICS.known(context.account_id, context.region, since) if fits(metric)]
    first = _offset(next_token)
    shown = [
        {
            "Namespace": metric.namespace,
            "MetricName": metric.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
        }
        for metric in metrics[first : first + LISTED_PAGE]
    ]
    more = first + LISTED_PAGE < len(metrics)
    return {"Metrics": shown, **({"NextToken": str(first + LISTED_PAGE)} if more else {})}


def raw_metrics(metrics: Metrics = METRICS) -> list[dict[str, Any]]:
    """Every single value, as LocalStack's `/_aws/cloudwatch/metrics/raw` tells it."""
    return [
        {
            "ns": metric.namespace,
            "n": metric.name,
            "v": value,
            "t": start,
            "d": "".join(f"{name}={held}\t" for name, held in metric.dimensions) or None,
            "account": metric.account,
            "region": metric.region,
        }
        for metric, _unit, buckets in metrics.all()
        for start, bucket in buckets
        for value, count in (bucket.distribution or {}).items()
        for _ in range(int(count))
    ]
