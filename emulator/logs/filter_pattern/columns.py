"""Patterns on columns that spaces divide: `[ip, ..., status_code = 4* && status_code != 403, bytes > 1000]`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from wavetank.emulator.logs.filter_pattern.comparison import Comparison, Scalar
from wavetank.emulator.logs.filter_pattern.event import Event
from wavetank.emulator.logs.filter_pattern.tokens import InvalidPattern, Kind, Tokens, comparison, disjunction

ELLIPSIS = ("...", "…")
LONGEST_NUMBER = 9
NAME = re.compile(r"[A-Za-z_][\w-]*")

type Texts = Mapping[str, str]
"""The texts of the columns that have names."""


class Condition(Protocol):
    """A condition on columns."""

    def holds(self, texts: Texts) -> bool:
        """Whether it is true."""


@dataclass(frozen=True)
class Compared:
    """A comparison with a column."""

    column: str
    comparison: Comparison

    def holds(self, texts: Texts) -> bool:
        """Whether it is true."""
        return self.comparison.holds(texts[self.column])


@dataclass(frozen=True)
class Joined:
    """All of some conditions, or one of them."""

    is_conjunction: bool
    conditions: Sequence[Condition]

    def holds(self, texts: Texts) -> bool:
        """Whether each, or one, is true."""
        truths = (condition.holds(texts) for condition in self.conditions)
        return all(truths) if self.is_conjunction else any(truths)


@dataclass(frozen=True)
class ColumnPattern:
    """Names of columns from the start and, after an ellipsis, from the end; without one there are no others.

    A column without a name is called by its number, from 1.
    """

    first: Sequence[str]
    last: Sequence[str] | None
    conditions: Sequence[Condition]
    has_expressions: bool

    def matches(self, event: Event) -> bool:
        """Whether the event has such columns, and all conditions hold."""
        texts, last = event.columns, self.last or ()
        least = len(self.first) + len(last)
        if len(texts) < least or (self.last is None and len(texts) > least):
            return False
        ends = zip(last, texts[len(texts) - len(last) :], strict=True)
        named = dict(zip(self.first, texts, strict=False)) | dict(ends)
        return all(condition.holds(named) for condition in self.conditions)

    def takes(self, reference: str) -> bool:
        """Whether a text refers to a column: by its name, or by the number of one that has none."""
        name = reference.removeprefix("$")
        if not reference.startswith("$") or not name:
            return False
        if name.isascii() and name.isdecimal() and len(name) < LONGEST_NUMBER:
            number = int(name)
            return self.last is not None if number > len(self.first) else number > 0 and not self.first[number - 1]
        return name in (*self.first, *(self.last or ()))

    def value(self, event: Event, reference: str) -> Scalar | None:
        """The text of a column; None where there is none of that name."""
        return self.extracted(event).get(reference)

    def extracted(self, event: Event) -> dict[str, str]:
        """The text of each column."""
        texts, last = event.columns, self.last or ()
        names = dict(enumerate(self.first)) | dict(enumerate(last, start=len(texts) - len(last)))
        return {f"${names.get(number) or number + 1}": text for number, text in enumerate(texts)}


def column_pattern(text: str) -> ColumnPattern:
    """The pattern between brackets. Raises InvalidPattern."""
    tokens = Tokens(text)
    first: list[str] = []
    last: list[str] | None = None
    conditions: list[Condition] = []
    while True:
        if any(tokens.skip(sign) for sign in ELLIPSIS):
            if last is not None:
                raise InvalidPattern("There is more than one ellipsis")
            last = []
        else:
            names, condition = _column(tokens)
            (first if last is None else last).extend(names)
            conditions += [] if condition is None else [condition]
        if not tokens.skip(","):
            break
    tokens.end()
    names = [name for name in (*first, *(last or ())) if name]
    if len(set(names)) < len(names):
        raise InvalidPattern("Two columns have the same name")
    return ColumnPattern(tuple(first), None if last is None else tuple(last), tuple(conditions), tokens.has_expressions)


def _column(tokens: Tokens) -> tuple[list[str], Condition | None]:
    """The names and the condition that come next, up to a comma; an empty column has neither. Raises InvalidPattern.

    A condition on several columns stands in the place of them all.
    """
    if tokens.peek().kind is Kind.END or tokens.peek().text == ",":
        return [""], None
    if tokens.peek().kind is Kind.WORD and not tokens.is_compared():
        return [_name(tokens)], None
    names: dict[str, None] = {}

    def operand(tokens: Tokens) -> Condition:
        name = _name(tokens)
        names[name] = None
        return Compared(name, comparison(tokens))

    condition = disjunction(tokens, operand, lambda sign, parts: Joined(sign == "&&", parts))
    return list(names), condition


def _name(tokens: Tokens) -> str:
    name = tokens.take(Kind.WORD).text
    if not NAME.fullmatch(name):
        raise InvalidPattern(f"'{name}' is no name of a column")
    return name
