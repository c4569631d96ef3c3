"""Every value of a series is in its box, whatever values there are."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.scenarios.dashboard.drawings import POINTS, SPAN, VALUES
from wavetank.scenarios.dashboard.figures import Series
from wavetank.scenarios.dashboard.geometry import MOST_GAP, Scale, columns, figure, runs


@given(st.lists(POINTS, max_size=3))
def test_every_value_is_in_the_box(points: list[tuple[tuple[int, float], ...]]) -> None:
    series = [Series("l", each) for each in points]
    scale = Scale.of(series)
    assert scale.bottom <= 0 <= scale.top
    assert scale.bottom < scale.top
    for line in series:
        drawn = [point for run in runs(line, SPAN, scale) for point in run]
        assert len(drawn) == len(line.points)
        assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in drawn)
        assert all(scale.bottom <= value <= scale.top for _, value in line.points)


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1))
def test_of_two_values_the_larger_is_not_drawn_lower(pairs: list[tuple[float, float]]) -> None:
    points = tuple((SPAN.start, value) for pair in pairs for value in pair)
    scale = Scale.of([Series("l", points)])
    assert all(scale.height(min(pair)) <= scale.height(max(pair)) for pair in pairs)


def test_some_periods_without_a_value_end_a_run() -> None:
    points = tuple((SPAN.start + 60 * at, 1.0) for at in (0, MOST_GAP, 2 * MOST_GAP + 1))
    assert [len(run) for run in runs(Series("l", points), SPAN, Scale(0, 1))] == [2, 1]


def test_what_is_outside_of_the_span_is_not_drawn() -> None:
    points = ((SPAN.start - 60, 1.0), (SPAN.end, 1.0))
    assert list(runs(Series("l", points), SPAN, Scale(0, 1))) == []
    assert columns(Series("l", points), SPAN, 5) == [None] * 5


@given(POINTS, st.integers(1, 300))
def test_columns_keep_the_highest_value(points: tuple[tuple[int, float], ...], count: int) -> None:
    cells = columns(Series("l", points), SPAN, count)
    assert len(cells) == count
    assert max((cell for cell in cells if cell is not None), default=None) == max(
        (value for _, value in points), default=None
    )


@pytest.mark.parametrize("top", [0.003, 1, 7, 999, 1_000, 123_456])
def test_an_axis_ends_in_a_round_number_not_far_above(top: float) -> None:
    scale = Scale.of([Series("l", ((SPAN.start, float(top)),))])
    assert top <= scale.top <= 1.7 * top
    assert len(f"{scale.top:.6e}".partition("e")[0].rstrip("0").rstrip(".")) <= 3


@pytest.mark.parametrize(("top", "text"), [(59, "60 s"), (130, "3 min"), (22_000, "8 h"), (200_000, "3 d")])
def test_an_axis_of_seconds_ends_in_a_round_number_of_what_they_are_told_in(top: float, text: str) -> None:
    scale = Scale.of([Series("l", ((SPAN.start, float(top)),), "seconds")])
    assert figure(scale.top, "seconds") == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "records", "0"),
        (12_345, "records", "12,345"),
        (0.5, "records", "0.5"),
        (1_234_567, "records", "1.23 M"),
        (0, "seconds", "0 s"),
        (0.35, "seconds", "350 ms"),
        (12.34, "seconds", "12.3 s"),
        (150, "seconds", "2.5 min"),
        (7_200, "seconds", "2 h"),
        (200_000, "seconds", "2.31 d"),
        (512, "bytes", "512 B"),
        (1_500_000, "bytes", "1.5 MB"),
        (45.2, "percent", "45.2 %"),
        (-3, "", "-3"),
        (math.nan, "seconds", "none"),
    ],
)
def test_a_value_is_short_and_in_a_unit_that_people_read(value: float, unit: str, text: str) -> None:
    assert figure(value, unit) == text


@given(VALUES, st.sampled_from(["", "records", "seconds", "bytes", "percent", "of 1"]))
def test_no_value_takes_more_than_a_few_characters(value: float, unit: str) -> None:
    assert len(figure(value, unit)) <= 13
    assert "nan" not in figure(value, unit)
