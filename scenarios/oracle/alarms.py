"""Alarms and when they ring, worked out from their definition and the metric alone; pure.

Source: Amazon CloudWatch User Guide, "Using Amazon CloudWatch alarms", sections "Evaluating an alarm" and "Configuring
how CloudWatch alarms treat missing data". A period without a datapoint is missing. More periods are looked at than the
alarm needs; if enough of them have a datapoint the last ones decide, otherwise the missing ones are filled up.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

MORE_PERIODS = 2
"""So many periods more than the alarm needs are looked at. AWS does not say how many; its examples have two."""

BREACHES: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


class Missing(StrEnum):
    """The ways in which an alarm counts a missing datapoint."""

    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"
    IGNORE = "ignore"
    MISSING = "missing"


@dataclass(frozen=True)
class Alarm:
    """An alarm on a metric: it rings when `datapoints` of the last `periods` breach the threshold.

    comparison: a key of BREACHES, with the datapoint on the left.
    """

    name: str
    period_s: int
    periods: int
    datapoints: int
    comparison: str
    threshold: float
    missing: Missing = Missing.MISSING

    def breaches(self, value: float) -> bool:
        """Whether a datapoint is on the wrong side of the threshold. Raises KeyError for another comparison."""
        return BREACHES[self.comparison](value, self.threshold)


@dataclass(frozen=True)
class Watched:
    """An alarm and the datapoints of its metric: the beginning of a period (seconds since the epoch) → value."""

    alarm: Alarm
    values: Mapping[float, float]

    @property
    def rang(self) -> bool:
        """Whether it rang at any time from the first datapoint to the last one."""
        if not self.values:
            return False
        breaches = {int(at // self.alarm.period_s): self.alarm.breaches(value) for at, value in self.values.items()}
        periods = self.alarm.periods
        for last in range(min(breaches), max(breaches) + 1):
            looked_at = range(last - periods - MORE_PERIODS + 1, last + 1)
            present = [breaches[number] for number in looked_at if number in breaches][-periods:]
            filled = periods - len(present) if self.alarm.missing is Missing.BREACHING else 0
            if sum(present) + filled >= self.alarm.datapoints:
                return True
        return False
