"""Comparisons of a value of a log event with a text, a number or a regular expression of a pattern."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
EQUALITY = ("=", "!=")

type Scalar = str | int | float


class Comparison(Protocol):
    """Tells of one value whether it is the one that a pattern asks for."""

    def holds(self, value: Scalar) -> bool:
        """Whether the value fits."""


def is_scalar(value: object) -> bool:
    """Whether a value of JSON can be compared: it is a text or a number."""
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def number_of(value: object) -> float | None:
    """The number that a value of a log event is, or writes; None where it is none."""
    if isinstance(value, str):
        value = value.strip()
        return float(value) if NUMBER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


@dataclass(frozen=True)
class WithNumber:
    """A comparison with a number; a text that writes a number is one."""

    operator: str
    number: float

    def holds(self, value: Scalar) -> bool:
        """Whether the comparison is true; a text that is no number is unequal to every one."""
        number = number_of(value)
        if number is None:
            return self.operator == "!="
        return OPERATORS[self.operator](number, self.number)


@dataclass(frozen=True)
class WithText:
    """A comparison for equality with a text; an asterisk at its start or end stands for any characters."""

    equal: bool
    text: str

    def holds(self, value: Scalar) -> bool:
        """Whether the texts are equal, or are not; a number is its digits."""
        return self._fits(str(value)) is self.equal

    def _fits(self, value: str) -> bool:
        text = self.text
        if text == "*":
            return True
        before, after = text.startswith("*"), text.endswith("*")
        core = text[int(before) : len(text) - int(after)]
        if before and after:
            return core in value
        if before:
            return value.endswith(core)
        return value.startswith(core) if after else value == core


@dataclass(frozen=True)
class WithExpression:
    """A comparison with a regular expression, which a part of the text has to match."""

    equal: bool
    expression: str

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The expression as Python's."""
        return re.compile(self.expression, re.ASCII)

    def holds(self, value: Scalar) -> bool:
        """Whether there is a match, or is none."""
        return (self.compiled.search(str(value)) is not None) is self.equal
