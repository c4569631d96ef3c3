"""The metrics of AWS's services, counted as things happen and put on CloudWatch every few seconds.

Values are gathered by minute, in emulator time. Nothing is put before CloudWatch is in use: metrics alone are no reason
to load it, so that counts wait until then, and the oldest are given up when there are too many.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from localstack.services.plugins import SERVICE_PLUGINS

from wavetank.emulator.runtime.batcher import Reporter
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.cloudwatch import MetricData, Place, put_metric_data

MINUTE_S = 60
MOST_WAITING = 20_000
MAX_VALUES = 150
"""Distinct values of one datum (CloudWatch API reference, MetricDatum); of more, a statistic set is put."""


@dataclass(frozen=True, slots=True)
class Series:
    """A metric of a service, with its dimensions."""

    place: Place
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str = "Count"


type Values = Mapping[tuple[Series, int], Counter[float]]
"""Values and how often each came, by series and second since the epoch."""


def data_of(values: Values) -> MetricData:
    """The metric data that these values are."""
    data: MetricData = defaultdict(list)
    for (series, second), counts in values.items():
        datum: dict[str, Any] = {
            "MetricName": series.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in series.dimensions],
            "Timestamp": datetime.fromtimestamp(second, UTC),
            "Unit": series.unit,
        }
        if len(counts) > MAX_VALUES:
            datum["StatisticValues"] = {
                "SampleCount": float(counts.total()),
                "Sum": sum(value * times for value, times in counts.items()),
                "Minimum": min(counts),
                "Maximum": max(counts),
            }
        else:
            datum |= {"Values": list(counts), "Counts": [float(times) for times in counts.values()]}
        data[series.place, series.namespace].append(datum)
    return data


class Meter:
    """Gathers values and reports them; what waits to be reported is in flight once CloudWatch is in use."""

    def __init__(self, hop: str, now: Callable[[], float] = CLOCK.now) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._waiting: dict[tuple[Series, int], Counter[float]] = {}
        self._reporter = Reporter(hop, self.can_be_sent, self.send)
        self._is_started = False

    def add(self, values: Iterable[tuple[Series, float]]) -> None:
        """Count one value of each series now."""
        minute = int(self._now()) // MINUTE_S * MINUTE_S
        with self._lock:
            for series, value in values:
                counts = self._waiting.get((series, minute))
                if counts is None:
                    counts = self._waiting[series, minute] = Counter()
                counts[float(value)] += 1
            while len(self._waiting) > MOST_WAITING:
                del self._waiting[next(iter(self._waiting))]
        if not self._is_started:
            self._is_started = True
            self._reporter.start()

    def can_be_sent(self) -> bool:
        """Whether any value waits, and CloudWatch is in use."""
        return bool(self._waiting) and bool(SERVICE_PLUGINS.is_running("cloudwatch"))

    def send(self) -> None:
        """Put all values that were counted since the last time."""
        with self._lock:
            taken, self._waiting = self._waiting, {}
        put_metric_data(data_of(taken))


METER = Meter("cloudwatch.service-metrics")
