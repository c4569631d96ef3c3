"""Metric math has the values of the examples in "Using math expressions with CloudWatch metrics"."""

import pytest

from wavetank.emulator.cloudwatch.core.calculation import Scope, TimeSeries, Value, calculate
from wavetank.emulator.cloudwatch.core.parsing import ExpressionError, parse

PERIOD_S = 60

type Row = list[float | None]


def series(*values: float | None) -> TimeSeries:
    points = {float(PERIOD_S * place): float(value) for place, value in enumerate(values) if value is not None}
    return TimeSeries(points, PERIOD_S, "label")


def value_of(expression: str, **metrics: TimeSeries) -> Value:
    scope = Scope(metrics, tuple(metrics), [float(PERIOD_S * place) for place in range(5)])
    return calculate(parse(expression), scope)


def row(value: Value, times: int) -> Row:
    assert isinstance(value, TimeSeries)
    return [value.points.get(float(PERIOD_S * place)) for place in range(times)]


GUIDE = {"metric1": series(30, 20, 0, 0), "metric2": series(20, None, 20, None)}
COMPARED = [
    ("metric1 < metric2", [0, 0, 1, 0]),
    ("metric1 >= 30", [1, 0, 0, 0]),
    ("metric1 > 15 AND metric2 > 15", [1, 0, 0, 0]),
    ("metric1 > 15 && metric2 > 15", [1, 0, 0, 0]),
    ("metric1 > 15 OR metric2 > 15", [1, 1, 1, 0]),
    ("metric1 > 15 || metric2 == 0", [1, 1, 0, 0]),
    ("metric1 != metric2", [1, 1, 1, 0]),
]


@pytest.mark.parametrize(("expression", "expected"), COMPARED)
def test_comparisons_take_a_missing_value_for_0(expression: str, expected: Row) -> None:
    assert row(value_of(expression, **GUIDE), 4) == expected


CONDITION, THEN, ELSE = series(1, 1, 0, 0, None), series(30, None, 0, 0, 30), series(0, 0, 20, None, 20)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("IF(c, t, e)", [30, 0, 20, None, None]),
        ("IF(c, 5, e)", [5, 5, 20, None, None]),
        ("IF(c, t, 5)", [30, 0, 5, 5, None]),
        ("IF(c, t)", [30, 0, None, None, None]),
        ("IF(c < 1, 10, 2)", [2, 2, 10, 10, None]),
        ("IF(1, t, e)", [30, None, 0, 0, 30]),
        ("IF(0, t, e)", [0, 0, 20, None, 20]),
        ("IF(0, t)", [None] * 5),
    ],
)
def test_if_chooses_at_each_time_as_the_guides_tables_say(expression: str, expected: Row) -> None:
    assert row(value_of(expression, c=CONDITION, t=THEN, e=ELSE), 5) == expected


SPARSE = {"m1": series(None, 2, None, 8, None), "m2": series(1, 4, 0, 2, 3)}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("FILL(m1, 0)", [0, 2, 0, 8, 0]),
        ("FILL(m1, m2)", [1, 2, 0, 8, 3]),
        ("FILL(m1, REPEAT)", [None, 2, 2, 8, 8]),
        ("FILL(m1, LINEAR)", [None, 2, 5, 8, None]),
        ("FILL(m1, MIN(m2))", [0, 2, 0, 8, 0]),
        ("m1 + m2", [1, 6, 0, 10, 3]),
        ("m1 / m2", [0, 0.5, None, 4, 0]),
        ("100 * m1 / m2", [0, 50, None, 400, 0]),
        ("-m2", [-1, -4, 0, -2, -3]),
        ("2 - -m2", [3, 6, 2, 4, 5]),
        ("m2 ^ 2", [1, 16, 0, 4, 9]),
        ("-m2 ^ 2", [-1, -16, 0, -4, -9]),
        ("2 ^ 3 ^ 2 + 0 * m2", [512] * 5),
        ("m2 * (1 + 1)", [2, 8, 0, 4, 6]),
        ("1 + m2 * 2", [3, 9, 1, 5, 7]),
        ("ABS(m2 - 3)", [2, 1, 3, 1, 0]),
        ("CEIL(m2 / 4)", [1, 1, 0, 1, 1]),
        ("FLOOR(m2 / 4)", [0, 1, 0, 0, 0]),
        ("SUM([m1, m2])", [1, 6, 0, 10, 3]),
        ("SUM(METRICS())", [1, 6, 0, 10, 3]),
        ('SUM(METRICS("2"))', [1, 4, 0, 2, 3]),
        ("AVG([m1, m2])", [0.5, 3, 0, 5, 1.5]),
        ("MAX([m1, m2])", [1, 4, 0, 8, 3]),
        ("MIN([m1, m2])", [1, 2, 0, 2, 3]),
        ("SUM([m1, m2] * 2)", [2, 12, 0, 20, 6]),
        ("SUM(-[m1, m2])", [-1, -6, 0, -10, -3]),
        ("m2 - AVG(m2)", [-1, 2, -2, 0, 1]),
        ("m2 - MAX(m1)", [-7, -4, -8, -6, -5]),
        ("m2 * METRIC_COUNT(METRICS())", [2, 8, 0, 4, 6]),
        ("m2 * DATAPOINT_COUNT(m1)", [2, 8, 0, 4, 6]),
        ("DIFF(m2)", [None, 3, -4, 2, 1]),
        ("RATE(m1)", [None, None, None, 0.05, None]),
        ("RUNNING_SUM(m2)", [1, 5, 5, 7, 10]),
        ("m2 / PERIOD(m2) * 60", [1, 4, 0, 2, 3]),
        ("TIME_SERIES(SUM(m2))", [10] * 5),
        ("FIRST(METRICS())", [None, 2, None, 8, None]),
        ("LAST([m1, m2])", [1, 4, 0, 2, 3]),
    ],
)
def test_an_expression_has_this_value_at_each_time(expression: str, expected: Row) -> None:
    assert row(value_of(expression, **SPARSE), 5) == pytest.approx(expected)


def test_a_number_stays_a_number_and_an_array_an_array() -> None:
    assert value_of("SUM(m1) / 2", **SPARSE) == 5.0
    array = value_of("METRICS() * 100", **SPARSE)
    assert isinstance(array, tuple)
    assert [row(each, 5) for each in array] == [[None, 200, None, 800, None], [100, 400, 0, 200, 300]]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("m3", "no query with the id 'm3'"),
        ("m1 +", "ends too early"),
        ("m1 m2", "'m2' is one too many"),
        ("(m1", "'\\)' is missing"),
        ("m1 ? 2", "'\\?' is not known"),
        ("SORT(METRICS(), AVG, ASC)", "SORT is not emulated; there are ABS, AVG"),
        ("SUM(1)", "SUM takes time series, not the number 1"),
        ("FILL(m1)", "FILL takes 2 arguments, not 1"),
        ("IF(m1)", "IF takes 2 to 3 arguments, not 1"),
        ("PERIOD(m1 + 1)", "PERIOD takes a metric"),
        ("TIME_SERIES(m1)", "TIME_SERIES takes a number"),
        ("METRICS(m1)", "METRICS takes a text in quotes"),
        ("IF([m1], 1, 2)", "IF takes no arrays"),
        ("'m1'", "is a text"),
        ("1 / 0", "has no value"),
        ("(" * 60 + "m1" + ")" * 60, "lie within each other"),
        ("m1 + " * 1_000 + "m1", "at most 2048 characters"),
    ],
)
def test_an_expression_that_makes_no_sense_is_refused_with_the_reason(expression: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        value_of(expression, **SPARSE)
