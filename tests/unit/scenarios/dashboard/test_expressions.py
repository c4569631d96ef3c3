"""An expression means the same among the ids of other charts as it did alone."""

import pytest

from wavetank.scenarios.dashboard.expressions import ids_in, renamed


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("m0/1000", "c1_m0/1000"),
        ("SUM([m0,m1])", "SUM([c1_m0,c1_m1])"),
        ("IF(m0 > 1e3, m0, 0)", "IF(c1_m0 > 1e3, c1_m0, 0)"),
        ("FILL(m1, REPEAT)", "FILL(c1_m1, REPEAT)"),
        ("SEARCH('{AWS/Lambda,m0} m0', 'Sum')", "SEARCH('{AWS/Lambda,m0} m0', 'Sum')"),
        ("AVG(METRICS())", "AVG([c1_m0,c1_m1,c1_other])"),
        ('SUM(METRICS("m"))', "SUM([c1_m0,c1_m1])"),
        ("SUM(METRICS('oth'))", "SUM([c1_other])"),
        ("m0_m1 + m0", "c1_m0_m1 + c1_m0"),
    ],
)
def test_ids_are_given_the_prefix_and_nothing_else_is(expression: str, expected: str) -> None:
    assert renamed(expression, "c1_", ["m0", "m1", "other"]) == expected


def test_the_ids_of_an_expression_are_found_outside_of_quotes() -> None:
    assert list(ids_in("IF(a1 > 2.5e3, b_x, 'c') + MAX(METRICS())")) == ["a1", "b_x"]
