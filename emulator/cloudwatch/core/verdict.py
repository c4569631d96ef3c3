"""The state of a metric alarm by its last datapoints.

Sources: Amazon CloudWatch User Guide, "Using Amazon CloudWatch alarms", "Evaluating an alarm", "Configuring how
CloudWatch alarms treat missing data" and "Avoiding premature transitions to alarm state".
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

EXTRA_PERIODS = 2
"""So many periods more than an alarm needs are looked at. AWS does not say how many; its examples have two."""


class State(StrEnum):
    """The state of an alarm."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Missing(StrEnum):
    """The ways in which an alarm counts a missing datapoint."""

    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"
    IGNORE = "ignore"
    MISSING = "missing"


COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
"""Whether a datapoint, on the left, breaches the threshold. Those of anomaly detection are not emulated."""


@dataclass(frozen=True)
class Condition:
    """An alarm's condition: `datapoints` of the last `periods` breach the threshold."""

    comparison: str
    threshold: float
    periods: int
    datapoints: int
    missing: Missing = Missing.MISSING

    def breaches(self, value: float) -> bool:
        """Whether a datapoint is on the wrong side of the threshold."""
        return COMPARISONS[self.comparison](value, self.threshold)

    @property
    def range(self) -> int:
        """How many periods are looked at."""
        return self.periods + EXTRA_PERIODS


@dataclass(frozen=True)
class Verdict:
    """An evaluation: the state (None for the one that the alarm has), and what it was made of.

    deciding: places of the datapoints that were evaluated, the newest first. filled: how many missing ones were.
    """

    state: State | None
    deciding: tuple[int, ...]
    filled: int


def judge(condition: Condition, datapoints: Sequence[float | None]) -> Verdict:
    """The verdict on the last datapoints, the newest last, None where one is missing."""
    deciding = [place for place in reversed(range(len(datapoints))) if datapoints[place] is not None]
    deciding = deciding[: condition.periods]
    breaching = [place for place in deciding if condition.breaches(datapoints[place] or 0.0)]
    filled = condition.periods - len(deciding)
    state: State | None
    if not filled or condition.missing is Missing.NOT_BREACHING:
        state = _over(condition, len(breaching))
    elif condition.missing is Missing.BREACHING:
        state = _over(condition, len(breaching) + filled)
    elif len(breaching) >= condition.datapoints:
        state = State.ALARM
    elif len(breaching) < len(deciding):
        state = State.OK
    elif condition.missing is Missing.IGNORE:
        state = None
    elif not deciding:
        state = State.INSUFFICIENT_DATA
    else:
        # Nothing but breaching datapoints, and few: an alarm once the oldest has had time to be followed by enough.
        age = len(datapoints) - min(breaching)
        state = State.ALARM if age >= condition.datapoints else None
    return Verdict(state, tuple(deciding), filled)


def _over(condition: Condition, breaching: int) -> State:
    return State.ALARM if breaching >= condition.datapoints else State.OK
