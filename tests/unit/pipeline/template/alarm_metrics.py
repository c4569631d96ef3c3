"""The metrics that the alarms of a template watch."""

from collections.abc import Iterator
from typing import Any


def series(alarm: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, int]]:
    """Each metric of an alarm, by its properties, with its statistic and its period in seconds."""
    if "Metrics" not in alarm:
        yield alarm, alarm["Statistic"], alarm["Period"]
    for each in alarm.get("Metrics", ()):
        if "MetricStat" in each:
            yield each["MetricStat"]["Metric"], each["MetricStat"]["Stat"], each["MetricStat"]["Period"]
