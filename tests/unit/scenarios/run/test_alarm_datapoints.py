"""Time that the clock jumped over is no silence, unless a drill says so."""

import pytest

from wavetank.scenarios.run.alarm_datapoints import Passed

MINUTE_S = 60


@pytest.mark.parametrize(
    ("clock", "lived"),
    [
        ([], set()),
        ([(0, 0), (200, 200)], {0, 1, 2}),
        ([(0, 30), (200, 230)], {1, 2}),
        ([(0, 0), (60, 60), (150, 150)], {0, 1}),
        ([(0, 0), (120, 120), (121, 3721), (260, 3860)], {0, 1, 63}),
        ([(0, 0), (5, 3605)], set()),
        ([(0, 0), (120.0, 120.5)], {0, 1}),
    ],
)
def test_a_period_is_lived_that_the_clock_went_all_the_way_through(
    clock: list[tuple[float, float]], lived: set[int]
) -> None:
    until_s = clock[-1][1] if clock else 600.0
    assert Passed(0.0, until_s, clock).lived(MINUTE_S) == lived


def test_as_long_as_jumps_are_gaps_every_whole_period_is_lived() -> None:
    clock = [(0, 30), (1, 310), (61, 370), (62, 1000)]
    assert Passed(30.0, 1000.0, clock, 320.0).lived(MINUTE_S) == {1, 2, 3, 4, 5}
    assert Passed(30.0, 1000.0, clock, 1000.0).lived(MINUTE_S) == set(range(1, 16))


def test_the_periods_of_a_time_are_all_that_it_touches() -> None:
    assert Passed(59.0, 121.0).periods(MINUTE_S) == range(3)
