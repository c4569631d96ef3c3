"""Metric math gives what the CloudWatch User Guide says, period by period."""

import pytest

from wavetank.scenarios.oracle.metric_math import MathError, evaluate

ERRORS, CALLS, AGE = {1: 2.0, 3: 1.0}, {1: 8.0, 2: 4.0, 3: 0.0}, {2: 7.0}
PERIODS = (1, 2, 3, 4)


def value(expression: str) -> dict[int, float]:
    return evaluate(expression, {"errors": ERRORS, "calls": CALLS, "age": AGE, "none": {}}, PERIODS)


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("errors", ERRORS),
        ("3", dict.fromkeys(PERIODS, 3.0)),
        ("errors + 1", {1: 3.0, 3: 2.0}),
        ("10 - errors - 1", {1: 7.0, 3: 8.0}),
        ("-errors * 2", {1: -4.0, 3: -2.0}),
        ("1 + 2 * 3 ^ 2", dict.fromkeys(PERIODS, 19.0)),
        ("(1 + 2) * 3", dict.fromkeys(PERIODS, 9.0)),
        ("calls / 4 >= 1", {1: 1.0, 2: 1.0, 3: 0.0}),
        ("calls == 4 || calls < 1", {1: 0.0, 2: 1.0, 3: 1.0}),
        ("calls > 0 && errors != 2", {1: 0.0, 3: 0.0}),
        ("FILL(errors, 0)", {1: 2.0, 2: 0.0, 3: 1.0, 4: 0.0}),
        ("FILL(none, 5)", dict.fromkeys(PERIODS, 5.0)),
        ("IF(calls > 5, calls, 0)", {1: 8.0, 2: 0.0, 3: 0.0}),
        ("IF(calls, 1, 2)", {1: 1.0, 2: 1.0, 3: 2.0}),
        ("IF(calls > 5, none, errors)", {3: 1.0}),
        ("MAX([errors, age])", {1: 2.0, 2: 7.0, 3: 1.0}),
        ("MIN([calls, 5])", {1: 5.0, 2: 4.0, 3: 0.0, 4: 5.0}),
        ("SUM([errors, calls])", {1: 10.0, 2: 4.0, 3: 1.0}),
        ("ABS(0 - errors)", {1: 2.0, 3: 1.0}),
    ],
)
def test_an_expression_has_its_value_in_each_period(expression: str, values: dict[int, float]) -> None:
    assert value(expression) == values


def test_an_operation_has_a_value_where_both_sides_have_one_and_nothing_is_divided_by_zero() -> None:
    assert value("100 * errors / calls") == {1: 25.0}


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "errors +",
        "errors calls",
        "(errors",
        "IF(errors)",
        "unknown",
        "RATE(errors)",
        "errors # 2",
        "[errors, calls]",
    ],
)
def test_what_is_not_known_is_an_error_and_not_silence(expression: str) -> None:
    with pytest.raises(MathError):
        value(expression)
