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


type Sample = tuple[Series, float, float]
"""A value of a series at a time, in seconds since the epoch."""
type Gauge = Callable[[float], Iterable[Sample]]
"""Tells, now, of what changes by itself with time since it was asked last."""


class Meter:
    """Gathers values and reports them; what waits to be reported is in flight once CloudWatch is in use."""

    def __init__(self, hop: str, now: Callable[[], float] = CLOCK.now) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._waiting: dict[tuple[Series, int], Counter[float]] = {}
        self._gauges: dict[str, Gauge] = {}
        self._reporter = Reporter(hop, self.can_be_sent, self.send)
        self._is_started = False

    def add(self, values: Iterable[tuple[Series, float]]) -> None:
        """Count one value of each series now."""
        now = self._now()
        with self._lock:
            self._keep((series, now, value) for series, value in values)
        self._start()

    def watch(self, name: str, gauge: Gauge) -> None:
        """Ask a gauge before each report, until `unwatch`."""
        with self._lock:
            self._gauges[name] = gauge
        self._start()

    def unwatch(self, name: str) -> None:
        """Ask a gauge no more; one that nobody knows is no error."""
        with self._lock:
            self._gauges.pop(name, None)

    def can_be_sent(self) -> bool:
        """Whether any value waits, and CloudWatch is in use."""
        if not SERVICE_PLUGINS.is_running("cloudwatch"):
            return False
        now = self._now()
        with self._lock:
            for gauge in self._gauges.values():
                self._keep(gauge(now))
            return bool(self._waiting)

    def send(self) -> None:
        """Put all values that were counted since the last time."""
        with self._lock:
            taken, self._waiting = self._waiting, {}
        put_metric_data(data_of(taken))

    def _start(self) -> None:
        if not self._is_started:
            self._is_started = True
            self._reporter.start()

    def _keep(self, samples: Iterable[Sample]) -> None:
        for series, at, value in samples:
            key = series, int(at) // MINUTE_S * MINUTE_S
            counts = self._waiting.get(key)
            if counts is None:
                counts = self._waiting[key] = Counter()
            counts[float(value)] += 1
        while len(self._waiting) > MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]


METER = Meter("cloudwatch.service-metrics")
