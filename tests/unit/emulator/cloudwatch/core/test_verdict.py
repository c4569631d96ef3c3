"""The state of an alarm is what the CloudWatch User Guide says: its tables, and an evaluation by somebody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.cloudwatch.core.verdict import COMPARISONS, EXTRA_PERIODS, Condition, Missing, State, judge
from wavetank.scenarios.oracle.alarms import Alarm, Watched
from wavetank.scenarios.oracle.alarms import Missing as OracleMissing

ALARM, OK, INSUFFICIENT, RETAINED = State.ALARM, State.OK, State.INSUFFICIENT_DATA, None
VALUES = {"0": 0.0, "X": 9.0, "-": None}
THREE_OF_THREE, TWO_OF_THREE = 3, 2

DOCUMENTED = [
    # "Configuring how CloudWatch alarms treat missing data", first table: missing, ignore, breaching, not breaching.
    (THREE_OF_THREE, "0 - X - X", (OK, OK, OK, OK)),
    (THREE_OF_THREE, "0 - - - -", (OK, OK, OK, OK)),
    (THREE_OF_THREE, "- - - - -", (INSUFFICIENT, RETAINED, ALARM, OK)),
    (THREE_OF_THREE, "0 X X - X", (ALARM, ALARM, ALARM, ALARM)),
    (THREE_OF_THREE, "- - X - -", (ALARM, RETAINED, ALARM, OK)),
    # Second table.
    (TWO_OF_THREE, "0 - X - X", (ALARM, ALARM, ALARM, ALARM)),
    (TWO_OF_THREE, "0 0 X 0 X", (ALARM, ALARM, ALARM, ALARM)),
    (TWO_OF_THREE, "0 - X - -", (OK, OK, ALARM, OK)),
    (TWO_OF_THREE, "- - - - 0", (OK, OK, ALARM, OK)),
    (TWO_OF_THREE, "- - - X -", (ALARM, RETAINED, ALARM, OK)),
    # "Avoiding premature transitions to alarm state": not immediately in ALARM.
    (THREE_OF_THREE, "- - - - X", (RETAINED, RETAINED, ALARM, OK)),
    (THREE_OF_THREE, "- - - X -", (RETAINED, RETAINED, ALARM, OK)),
    (THREE_OF_THREE, "- - - X 0", (OK, OK, OK, OK)),
    (THREE_OF_THREE, "- - X - 0", (OK, OK, OK, OK)),
]


@pytest.mark.parametrize(("needed", "datapoints", "states"), DOCUMENTED)
def test_an_alarm_has_the_state_that_the_guide_says(
    needed: int, datapoints: str, states: tuple[State | None, ...]
) -> None:
    values = [VALUES[each] for each in datapoints.split()]
    ways = (Missing.MISSING, Missing.IGNORE, Missing.BREACHING, Missing.NOT_BREACHING)
    conditions = [Condition("GreaterThanThreshold", 5.0, 3, needed, missing) for missing in ways]
    assert tuple(judge(condition, values).state for condition in conditions) == states


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    [
        ("GreaterThanOrEqualToThreshold", [5.0, 6.0]),
        ("GreaterThanThreshold", [6.0]),
        ("LessThanThreshold", [4.0]),
        ("LessThanOrEqualToThreshold", [4.0, 5.0]),
    ],
)
def test_a_datapoint_breaches_by_the_comparison(comparison: str, breaching: list[float]) -> None:
    condition = Condition(comparison, 5.0, 1, 1)
    assert [value for value in (4.0, 5.0, 6.0) if condition.breaches(value)] == breaching


conditions = st.integers(1, 5).flatmap(
    lambda periods: st.builds(
        Condition,
        comparison=st.sampled_from(sorted(COMPARISONS)),
        threshold=st.just(5.0),
        periods=st.just(periods),
        datapoints=st.integers(1, periods),
        missing=st.sampled_from(Missing),
    )
)


@given(conditions, st.lists(st.sampled_from([4.0, 5.0, 6.0, None]), min_size=1, max_size=12))
def test_it_rings_whenever_another_evaluation_of_the_same_guide_does(
    condition: Condition, minutes: list[float | None]
) -> None:
    """The other one knows no state, and nothing of what rings early where datapoints are few and all breach."""
    values = {60.0 * number: value for number, value in enumerate(minutes) if value is not None}
    oracle = Watched(
        Alarm(
            "alarm",
            period_s=60,
            periods=condition.periods,
            datapoints=condition.datapoints,
            comparison=condition.comparison,
            threshold=condition.threshold,
            missing=OracleMissing(condition.missing.value),
        ),
        values,
    )
    first, last = (int(at) // 60 for at in (min(values, default=0.0), max(values, default=-60.0)))
    windows = [
        [minutes[place] if place >= 0 else None for place in range(end - condition.range + 1, end + 1)]
        for end in range(first, last + 1)
    ]
    rings = any(judge(condition, window).state is State.ALARM for window in windows)
    early = condition.missing is Missing.MISSING and any(
        judge(condition, window).filled and not any(value in window for value in _fine(condition)) for window in windows
    )
    assert rings == oracle.rang or (rings and early)


def _fine(condition: Condition) -> list[float]:
    return [value for value in (4.0, 5.0, 6.0) if not condition.breaches(value)]


@given(conditions, st.lists(st.floats(0, 10), min_size=7, max_size=7))
def test_nothing_but_the_last_periods_counts_where_none_is_missing(condition: Condition, values: list[float]) -> None:
    verdict = judge(condition, values)
    breaching = sum(map(condition.breaches, values[-condition.periods :]))
    assert verdict.state is (State.ALARM if breaching >= condition.datapoints else State.OK)
    assert (verdict.filled, len(verdict.deciding)) == (0, condition.periods)


@given(conditions)
def test_more_periods_are_looked_at_than_are_needed(condition: Condition) -> None:
    assert condition.range == condition.periods + EXTRA_PERIODS
