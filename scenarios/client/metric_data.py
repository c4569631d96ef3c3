"""Reads metrics from CloudWatch, many of them in few calls.

Source: Amazon CloudWatch API reference, "GetMetricData".
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import batched
from typing import Any

MOST_QUERIES = 500
"""Metrics of one call (GetMetricData)."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric by its names, and the statistic that makes one value of those of a period."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str


def datapoints[K: Hashable](
    cloudwatch: Any, metrics: Mapping[K, Metric], *, since_s: float, until_s: float, period_s: int
) -> dict[K, dict[float, float]]:
    """The values of metrics between two times (seconds since the epoch), by the beginning of their period.

    The keys are those of `metrics`. A period without a datapoint has no value.
    """
    start, end = (datetime.fromtimestamp(at_s, UTC) for at_s in (since_s, until_s))
    values: dict[K, dict[float, float]] = {key: {} for key in metrics}
    for some in batched(metrics.items(), MOST_QUERIES, strict=False):
        keys = {f"m{number}": key for number, (key, _) in enumerate(some)}
        queries = [_query(query_id, metrics[key], period_s) for query_id, key in keys.items()]
        pages = cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=start, EndTime=end
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                moments = (moment.timestamp() for moment in result["Timestamps"])
                values[keys[result["Id"]]].update(zip(moments, result["Values"], strict=True))
    return values


def _query(query_id: str, metric: Metric, period_s: int) -> dict[str, Any]:
    named = {
        "Namespace": metric.namespace,
        "MetricName": metric.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
    }
    return {"Id": query_id, "MetricStat": {"Metric": named, "Period": period_s, "Stat": metric.statistic}}
