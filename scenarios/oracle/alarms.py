"""Alarms and when they ring, worked out from their definition and the metric alone; pure.

Source: Amazon CloudWatch User Guide, "Using Amazon CloudWatch alarms", sections "Evaluating an alarm", "Configuring
how CloudWatch alarms treat missing data" and "Combining alarms". A period without a datapoint is missing. More periods
are looked at than the alarm needs; if enough of them have a datapoint the last ones decide, otherwise the missing ones
are filled up.
"""

import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

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


class State(StrEnum):
    """The states of an alarm that a composite one can ask for."""

    ALARM = "ALARM"
    OK = "OK"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True)
class Alarm:
    """An alarm on a metric: it rings when `datapoints` of the last `periods` breach the threshold.

    comparison: a key of BREACHES, with the datapoint on the left. pages: somebody gets up for it.
    """

    name: str
    period_s: int
    periods: int
    datapoints: int
    comparison: str
    threshold: float
    missing: Missing = Missing.MISSING
    pages: bool = False

    def breaches(self, value: float) -> bool:
        """Whether a datapoint is on the wrong side of the threshold. Raises KeyError for another comparison."""
        return BREACHES[self.comparison](value, self.threshold)


@dataclass(frozen=True)
class Watched:
    """An alarm and the datapoints of its metric: the beginning of a period (seconds since the epoch) → value.

    stretches: the periods that count, by number, each stretch without a gap; what lies between two was passed over and
    is not known, so that no silence is read across it. None: all from the first datapoint to the last, with whatever
    was before.
    """

    alarm: Alarm
    values: Mapping[float, float]
    stretches: tuple[range, ...] | None = None

    @property
    def rang(self) -> bool:
        """Whether it rang at any time."""
        return bool(self.ringing)

    @cached_property
    def ringing(self) -> frozenset[int]:
        """The numbers of the periods after which it was in alarm."""
        breaches = {int(at // self.alarm.period_s): self.alarm.breaches(value) for at, value in self.values.items()}
        if self.stretches is not None:
            return frozenset(last for stretch in self.stretches for last in self._of(stretch, breaches, stretch))
        if not breaches:
            return frozenset()
        return frozenset(self._of(range(min(breaches), max(breaches) + 1), breaches, None))

    def is_ringing(self, at_s: float) -> bool:
        """Whether it was in alarm at a time: because of the period that was over by then."""
        return int(at_s // self.alarm.period_s) - 1 in self.ringing

    @property
    def changes_s(self) -> Iterator[float]:
        """The times at which it may have come into alarm or left it."""
        for number in self.ringing:
            yield from ((number + 1) * self.alarm.period_s, (number + 2) * self.alarm.period_s)

    def _of(self, lasts: range, breaches: Mapping[int, bool], known: Collection[int] | None) -> Iterator[int]:
        """The periods among `lasts` at whose end it is in alarm; only `known` ones can be missing, None for any."""
        periods = self.alarm.periods
        for last in lasts:
            looked_at = range(last - periods - MORE_PERIODS + 1, last + 1)
            numbers = looked_at if known is None else [number for number in looked_at if number in known]
            present = [breaches[number] for number in numbers if number in breaches][-periods:]
            missing = min(periods, len(numbers)) - len(present)
            filled = missing if self.alarm.missing is Missing.BREACHING else 0
            if sum(present) + filled >= self.alarm.datapoints:
                yield last


@dataclass(frozen=True)
class Composite:
    """An alarm on the states of others: a rule as PutCompositeAlarm takes it."""

    name: str
    rule: str
    pages: bool = False


@dataclass(frozen=True)
class WatchedComposite:
    """A composite alarm and those that its rule names."""

    alarm: Composite
    parts: tuple[Watched, ...]

    @property
    def rang(self) -> bool:
        """Whether it rang at any time. Raises ValueError for a rule that is none."""
        changes = {at_s for part in self.parts for at_s in part.changes_s}
        return any(self._holds(at_s) for at_s in sorted({0.0, *changes}))

    def _holds(self, at_s: float) -> bool:
        """Whether the rule holds at a time. An alarm that is not in alarm is OK."""
        ringing = {part.alarm.name for part in self.parts if part.is_ringing(at_s)}
        return _Rule(self.alarm.rule, ringing, {part.alarm.name for part in self.parts}).holds()


TERM = re.compile(r"""\s*(?:(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*"?([^"()]+?)"?\s*\)|(AND|OR|NOT|TRUE|FALSE|[()]))""")


class _Rule:
    """Reads the rule of a composite alarm: NOT binds more tightly than AND, and that than OR."""

    def __init__(self, rule: str, ringing: Collection[str], there: Collection[str]) -> None:
        self.rule, self.tokens = rule, list[str | bool]()
        at, end = 0, len(rule.rstrip())
        while at < end:
            match = TERM.match(rule, at)
            if match is None:
                raise ValueError(f"{rule}: {rule[at:].strip()[:20]!r} is no part of a rule")
            at, name = match.end(), match[2]
            if match[3]:
                self.tokens.append({"TRUE": True, "FALSE": False}.get(match[3], match[3]))
                continue
            name = name.rpartition(":")[2]
            if name not in there:
                raise ValueError(f"{rule}: there is no alarm {name}")
            self.tokens.append((State.ALARM if name in ringing else State.OK) == match[1])

    def holds(self) -> bool:
        holds = self._any()
        if self.tokens:
            raise ValueError(f"{self.rule}: {self.tokens[0]!r} is too much")
        return holds

    def _any(self) -> bool:
        holds = self._all()
        while self.tokens and self.tokens[0] == "OR":
            self.tokens.pop(0)
            holds = self._all() or holds
        return holds

    def _all(self) -> bool:
        holds = self._one()
        while self.tokens and self.tokens[0] == "AND":
            self.tokens.pop(0)
            holds = self._one() and holds
        return holds

    def _one(self) -> bool:
        term = self.tokens.pop(0) if self.tokens else ""
        if isinstance(term, bool):
            return term
        if term == "NOT":
            return not self._one()
        if term != "(":
            raise ValueError(f"{self.rule}: an alarm is missing")
        holds = self._any()
        if not self.tokens or self.tokens.pop(0) != ")":
            raise ValueError(f"{self.rule}: ) is missing")
        return holds


def stretches_of(counted: Collection[int]) -> tuple[range, ...]:
    """Numbers as the fewest ranges, in order."""
    made: list[range] = []
    for number in sorted(counted):
        if made and made[-1].stop == number:
            made[-1] = range(made[-1].start, number + 1)
        else:
            made.append(range(number, number + 1))
    return tuple(made)
