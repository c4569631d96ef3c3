"""Metrics are summed up by minute, and every statistic of any stretch of time is that of the values in it."""

import math
import statistics as reference
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.cloudwatch.core.metrics import FINE_FOR_S, KEPT_FOR_S, MAX_DISTINCT, Bucket, MetricId, Metrics
from wavetank.emulator.cloudwatch.core.statistics import few_samples, statistic

METRIC = MetricId("account", "region", "N", "M", (("A", "1"),))
DAY_S = 86_400.0

values = st.lists(st.sampled_from([0.0, 1.0, 2.5, -4.0, 100.0]), min_size=1, max_size=30)


def bucket_of(*given: float) -> Bucket:
    bucket = Bucket()
    for value in given:
        bucket.add(value)
    return bucket


def of(bucket: Bucket, name: str) -> float | None:
    return statistic(name)(bucket)


@given(st.lists(values, min_size=1, max_size=4))
def test_the_statistics_of_a_stretch_are_those_of_all_its_values(minutes: list[list[float]]) -> None:
    metrics = Metrics()
    for number, minute in enumerate(minutes):
        metrics.put(METRIC, "Count", 60.0 * number + 59, [(value, 1.0) for value in minute])
    [bucket] = metrics.read(METRIC, None, [(0.0, 60.0 * len(minutes))])
    every = list(chain.from_iterable(minutes))
    assert bucket is not None
    assert of(bucket, "SampleCount") == len(every)
    assert of(bucket, "Sum") == pytest.approx(sum(every))
    assert of(bucket, "Average") == pytest.approx(sum(every) / len(every))
    assert (of(bucket, "Minimum"), of(bucket, "Maximum")) == (min(every), max(every))
    assert of(bucket, "p50") == pytest.approx(reference.median(every))
    assert (of(bucket, "p0"), of(bucket, "p100")) == (min(every), max(every))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("p90", 90.1),
        ("p99.9", 99.901),
        ("tm90", 45.5),
        ("TM(10%:90%)", 50.5),
        ("TM(:90%)", 45.5),
        ("TM(90%:)", 95.5),
        ("IQM", 50.5),
    ],
)
def test_extended_statistics_of_one_to_a_hundred(name: str, expected: float) -> None:
    assert of(bucket_of(*map(float, range(1, 101))), name) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["average", "p101", "pNN", "tm", "TM(:)", "WM(1%:2%)", "Sum "])
def test_another_statistic_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(ValueError, match="is no statistic; there are SampleCount, Average, Sum"):
        statistic(name)


def test_a_statistic_set_has_no_percentile_unless_it_is_a_single_value() -> None:
    several, single, same = Bucket(), Bucket(), Bucket()
    several.add_statistics(3, 6, 1, 3)
    single.add_statistics(1, 2, 2, 2)
    same.add_statistics(4, 8, 2, 2)
    assert [of(bucket, "p50") for bucket in (several, single, same)] == [None, 2, 2]
    assert [of(bucket, "Average") for bucket in (several, single, same)] == [2, 2, 2]
    several.add(2.0)
    assert (of(several, "p50"), of(several, "SampleCount")) == (None, 4)


def test_many_distinct_values_take_bounded_memory_and_percentiles_stay_about_right() -> None:
    bucket = bucket_of(*(1.0 + number / 1000 for number in range(20_000)))
    assert bucket.distribution is not None
    assert len(bucket.distribution) <= MAX_DISTINCT
    assert of(bucket, "p50") == pytest.approx(11.0, rel=0.05)


@pytest.mark.parametrize(
    ("name", "count", "few"), [("p99", 999, True), ("p99", 1001, False), ("p50", 19, True), ("p10", 101, False)]
)
def test_a_percentile_needs_a_number_of_samples(name: str, count: int, few: bool) -> None:
    bucket = Bucket()
    bucket.add(1.0, count)
    assert few_samples(name, bucket) is few


def test_a_metric_is_told_from_one_with_more_dimensions_and_units_can_be_asked_for() -> None:
    metrics, more = Metrics(), MetricId("account", "region", "N", "M", (("A", "1"), ("B", "2")))
    metrics.put(METRIC, "Count", 0.0, [(1.0, 1.0)])
    metrics.put(METRIC, "Bytes", 0.0, [(5.0, 1.0)])
    metrics.put(more, "Count", 0.0, [(100.0, 1.0)])
    sums = [
        None if bucket is None else bucket.total
        for unit in (None, "Count", "Seconds")
        for bucket in metrics.read(METRIC, unit, [(0.0, 60.0)])
    ]
    assert sums == [6.0, 1.0, None]


def test_a_value_of_high_resolution_has_its_second_and_any_other_its_minute() -> None:
    metrics = Metrics()
    metrics.put(METRIC, "Count", 75.0, [(1.0, 1.0)])
    metrics.put(METRIC, "Count", 75.0, [(1.0, 1.0)], fine=True)
    assert (metrics.next(METRIC, None, 0.0), metrics.next(METRIC, None, 61.0)) == (60.0, 75.0)
    assert (metrics.last(METRIC, None, 75.0), metrics.last(METRIC, None, 60.0)) == (60.0, -math.inf)


def test_old_minutes_become_hours_and_very_old_ones_are_given_up() -> None:
    metrics, now = Metrics(), 1_000 * DAY_S
    for at in (now - FINE_FOR_S - DAY_S, now - FINE_FOR_S - DAY_S + 120, now - 60, now - KEPT_FOR_S - DAY_S):
        metrics.put(METRIC, "Count", at, [(2.0, 1.0)])
    metrics.age(now)
    [(_metric, _unit, buckets)] = metrics.all()
    assert [(start % 3600, bucket.total) for start, bucket in buckets] == [(0, 4.0), (3540, 2.0)]
    metrics.age(now + KEPT_FOR_S + DAY_S)
    assert metrics.all() == []
    assert metrics.known("account", "region", 0.0) == []
