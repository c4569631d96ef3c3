"""The age of the oldest record is told once a minute, and of passed-over minutes while its delivery failed."""

import pytest

from wavetank.emulator.firehose.metrics import StreamMetrics, To, Waiting
from wavetank.emulator.runtime.cloudwatch import Place
from wavetank.emulator.runtime.meter import METER

PLACE = Place("0", "us-east-1")
START = 600.0


@pytest.fixture
def metrics() -> StreamMetrics:
    return StreamMetrics(PLACE, "name", METER)


def ages(metrics: StreamMetrics, now: float) -> list[tuple[float, float]]:
    return [(at, age) for _, at, age in metrics.ages(now)]


def test_nothing_is_told_while_nothing_waits(metrics: StreamMetrics) -> None:
    assert ages(metrics, START) == []
    assert ages(metrics, START + 600) == []


def test_the_age_is_told_once_a_minute(metrics: StreamMetrics) -> None:
    metrics.oldest = lambda: Waiting(To.S3, START - 30, None)
    assert ages(metrics, START) == [(START, 30)]
    assert ages(metrics, START + 59) == []
    assert ages(metrics, START + 61) == [(START + 60, 90)]


def test_a_record_that_came_within_this_minute_has_no_age_yet(metrics: StreamMetrics) -> None:
    metrics.oldest = lambda: Waiting(To.S3, START + 10, None)
    assert ages(metrics, START + 20) == []
    assert ages(metrics, START + 60) == [(START + 60, 50)]


def test_of_minutes_passed_over_only_those_are_told_in_which_the_delivery_failed(metrics: StreamMetrics) -> None:
    ages(metrics, START)
    metrics.oldest = lambda: Waiting(To.S3, START + 10, None)
    assert ages(metrics, START + 600) == [(START + 600, 590)]
    metrics.oldest = lambda: Waiting(To.S3, START + 10, START + 800)
    assert [at for at, _ in ages(metrics, START + 1000)] == [START + 840, START + 900, START + 960]
    assert ages(metrics, START + 1080) == [(START + 1020, 1010), (START + 1080, 1070)]


def test_a_year_that_is_passed_over_is_told_by_its_last_day(metrics: StreamMetrics) -> None:
    metrics.oldest = lambda: Waiting(To.S3, START, START)
    ages(metrics, START)
    assert len(ages(metrics, START + 366 * 86_400)) == 1441
