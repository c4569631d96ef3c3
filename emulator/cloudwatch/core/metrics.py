"""Metrics: the values that were put, summed up by minute, or by second where they have a high resolution.

Sources: Amazon CloudWatch User Guide, "Metrics" (resolution, retention, percentiles of statistic sets) and Amazon
CloudWatch API Reference, MetricDatum.
"""

import threading
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import floor, log10

STANDARD_S = 60
"""Seconds that a datum of standard resolution stands for; one of high resolution stands for a second."""
HOUR_S = 3600
FINE_FOR_S = 15 * 86_400.0
"""Age at which single minutes are given up; AWS keeps 5-minute datapoints up to 63 days, hours are kept here."""
KEPT_FOR_S = 455 * 86_400.0
MAX_DISTINCT = 1_000
"""Distinct values of a bucket. With more, percentiles are right to some digits only."""


@dataclass(frozen=True, slots=True)
class MetricId:
    """The identity of a metric: no two differ only in the order of their dimensions (name and value)."""

    account: str
    region: str
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()


class Bucket:
    """The values of a stretch of time: how many, their sum and extremes, and the distribution where it is known."""

    __slots__ = ("_distribution", "_is_known", "count", "least", "most", "total")

    def __init__(self) -> None:
        self.count = 0.0
        self.total = 0.0
        self.least = float("inf")
        self.most = float("-inf")
        self._distribution: dict[float, float] | None = None
        self._is_known = True

    def add(self, value: float, count: float = 1.0) -> None:
        """Count a value so many times."""
        if self._is_known and self.count and (self._distribution is not None or value != self.least):
            values = self._distribution
            if values is None:
                values = self._distribution = {self.least: self.count}
            values[value] = values.get(value, 0.0) + count
            if len(values) > MAX_DISTINCT:
                self._distribution = _coarse(values)
        self._widen(count, value * count, value, value)

    def add_statistics(self, count: float, total: float, least: float, most: float) -> None:
        """Count values of which only these are known. Percentiles need a single value."""
        if count == 1 or least == most:
            self.add(least if count != 1 else total, count)
            return
        self._is_known, self._distribution = False, None
        self._widen(count, total, least, most)

    def merge(self, other: "Bucket") -> None:
        """Count the values of another bucket too."""
        distribution = other.distribution
        if distribution is None:
            self._is_known, self._distribution = False, None
            self._widen(other.count, other.total, other.least, other.most)
        elif self._is_known and (len(distribution) > 1 or self._distribution or other.least != self.least):
            for value, count in distribution.items():
                self.add(value, count)
        else:
            self._widen(other.count, other.total, other.least, other.most)

    @property
    def distribution(self) -> dict[float, float] | None:
        """How often each value was there; None where that is not known."""
        if self.count and self.least == self.most:
            return {self.least: self.count}
        return self._distribution if self._is_known else None

    def _widen(self, count: float, total: float, least: float, most: float) -> None:
        self.count += count
        self.total += total
        self.least = min(self.least, least)
        self.most = max(self.most, most)


def _coarse(values: dict[float, float]) -> dict[float, float]:
    """The values to so many significant digits, three at most, that they are half as many as there may be."""
    rough: defaultdict[float, float] = defaultdict(float)
    for digits in (3, 2, 1):
        rough.clear()
        for value, count in values.items():
            rough[round(value, digits - 1 - floor(log10(abs(value)))) if value else value] += count
        if len(rough) <= MAX_DISTINCT // 2:
            break
    return dict(rough)


class Series:
    """The buckets of a metric in one unit, by their beginning (whole seconds since the epoch)."""

    __slots__ = ("_buckets", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._buckets: dict[int, Bucket] = {}

    def bucket(self, start: int) -> Bucket:
        """The bucket that begins then, made where there is none."""
        bucket = self._buckets.get(start)
        if bucket is None:
            bucket = self._buckets[start] = Bucket()
            if not self._starts or start > self._starts[-1]:
                self._starts.append(start)
            else:
                insort(self._starts, start)
        return bucket

    def over(self, start: float, end: float) -> Sequence[Bucket]:
        """The buckets that begin from `start` on and before `end`."""
        first = bisect_left(self._starts, start)
        return [self._buckets[at] for at in self._starts[first : bisect_left(self._starts, end, first)]]

    def starts(self, start: float, end: float) -> Sequence[int]:
        """The beginnings of the buckets from `start` on and before `end`."""
        first = bisect_left(self._starts, start)
        return self._starts[first : bisect_left(self._starts, end, first)]

    def next(self, start: float) -> float:
        """The beginning of the first bucket from `start` on; infinite where there is none."""
        index = bisect_left(self._starts, start)
        return self._starts[index] if index < len(self._starts) else float("inf")

    def last(self, before: float) -> float:
        """The beginning of the last bucket that begins before then; minus infinite where there is none."""
        index = bisect_left(self._starts, before)
        return self._starts[index - 1] if index else float("-inf")

    def fold(self, before: float) -> None:
        """Put the buckets that begin before then together into hours."""
        old = self._starts[: bisect_left(self._starts, before)]
        if all(start % HOUR_S == 0 for start in old):
            return
        buckets = [(start, self._buckets.pop(start)) for start in old]
        del self._starts[: len(old)]
        for start, bucket in buckets:
            self.bucket(start // HOUR_S * HOUR_S).merge(bucket)

    def forget(self, before: float) -> None:
        """Give up the buckets that begin before then."""
        gone = bisect_left(self._starts, before)
        for start in self._starts[:gone]:
            del self._buckets[start]
        del self._starts[:gone]

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[tuple[int, Bucket]]:
        return ((start, self._buckets[start]) for start in self._starts)


class Metrics:
    """All metrics of a stack; every method may be called from any thread. Times are seconds since the epoch."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._metrics: dict[MetricId, dict[str | None, Series]] = {}

    def put(
        self,
        metric: MetricId,
        unit: str | None,
        at: float,
        values: Iterable[tuple[float, float]],
        *,
        fine: bool = False,
    ) -> None:
        """Count values, each so many times; `fine`: with high resolution."""
        with self._lock:
            bucket = self._bucket(metric, unit, at, fine)
            for value, count in values:
                bucket.add(value, count)

    def put_statistics(
        self,
        metric: MetricId,
        unit: str | None,
        at: float,
        statistics: tuple[float, float, float, float],
        *,
        fine: bool = False,
    ) -> None:
        """Count values of which number, sum, minimum and maximum are known, in this order."""
        with self._lock:
            self._bucket(metric, unit, at, fine).add_statistics(*statistics)

    def read(self, metric: MetricId, unit: str | None, stretches: Sequence[tuple[float, float]]) -> list[Bucket | None]:
        """The values of each stretch of time, which its end is no part of; of all units unless one is given."""
        with self._lock:
            found = self._series(metric, unit)
            return [_together([part for series in found for part in series.over(*each)]) for each in stretches]

    def next(self, metric: MetricId, unit: str | None, start: float) -> float:
        """The time of the first value from `start` on; infinite where there is none."""
        with self._lock:
            return min((series.next(start) for series in self._series(metric, unit)), default=float("inf"))

    def times(self, metric: MetricId, unit: str | None, start: float, end: float, most: int) -> list[float]:
        """The times of the values from `start` to before `end`; not all where they are more than `most`."""
        with self._lock:
            return [at for series in self._series(metric, unit) for at in series.starts(start, end)[: most + 1]]

    def last(self, metric: MetricId, unit: str | None, before: float) -> float:
        """The time of the last value before then; minus infinite where there is none."""
        with self._lock:
            return max((series.last(before) for series in self._series(metric, unit)), default=float("-inf"))

    def units(self, metric: MetricId) -> tuple[str | None, ...]:
        """The units in which a metric has values."""
        with self._lock:
            return tuple(self._metrics.get(metric, ()))

    def known(self, account: str, region: str, since: float) -> list[MetricId]:
        """The metrics of a place that have values since then, the newest last."""
        with self._lock:
            return [
                metric
                for metric, units in self._metrics.items()
                if (metric.account, metric.region) == (account, region)
                and any(series.next(since) < float("inf") for series in units.values())
            ]

    def all(self) -> list[tuple[MetricId, str | None, list[tuple[int, Bucket]]]]:
        """Everything that is held."""
        with self._lock:
            return [
                (metric, unit, list(series))
                for metric, units in self._metrics.items()
                for unit, series in units.items()
            ]

    def age(self, now: float) -> None:
        """Keep what is old by the hour only, and give up what is too old."""
        with self._lock:
            for metric, units in list(self._metrics.items()):
                for unit, series in list(units.items()):
                    series.forget(now - KEPT_FOR_S)
                    series.fold((now - FINE_FOR_S) // HOUR_S * HOUR_S)
                    if not len(series):
                        del units[unit]
                if not units:
                    del self._metrics[metric]

    def clear(self) -> None:
        """Give up everything."""
        with self._lock:
            self._metrics.clear()

    def _bucket(self, metric: MetricId, unit: str | None, at: float, fine: bool) -> Bucket:
        series = self._metrics.setdefault(metric, {}).setdefault(unit, Series())
        return series.bucket(int(at) if fine else int(at) // STANDARD_S * STANDARD_S)

    def _series(self, metric: MetricId, unit: str | None) -> list[Series]:
        units = self._metrics.get(metric, {})
        if unit is None:
            return list(units.values())
        return [units[unit]] if unit in units else []


class _Together(Bucket):
    """Several buckets as one; their distribution is worked out where it is asked for."""

    __slots__ = ("_parts",)

    def __init__(self, parts: Sequence[Bucket]) -> None:
        self.count = sum([part.count for part in parts])
        self.total = sum([part.total for part in parts])
        self.least = min([part.least for part in parts])
        self.most = max([part.most for part in parts])
        self._parts = parts

    @property
    def distribution(self) -> dict[float, float] | None:
        whole = Bucket()
        for part in self._parts:
            whole.merge(part)
        return whole.distribution


def _together(parts: Sequence[Bucket]) -> Bucket | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return _Together(parts)
