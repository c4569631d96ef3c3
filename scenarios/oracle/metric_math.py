"""Metric math, as far as alarms use it, worked out from datapoints alone; pure.

Source: Amazon CloudWatch User Guide, "Using math expressions with CloudWatch metrics". A series is its values by the
number of their period. An operation on two series has a value where both have one; a division by zero has none.
Comparisons and logical operations give 1 and 0.
"""

import operator
import re
from collections.abc import Callable, Collection, Iterable, Mapping

Series = Mapping[int, float]
Value = float | Series | list[Series]

TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|([A-Za-z_]\w*)|(\|\||&&|[<>=!]=|[-+*/^<>()\[\],]))")


def _power(one: float, other: float) -> float:
    return float(one**other)


OPERATORS: Mapping[str, tuple[int, Callable[[float, float], float]]] = {
    "||": (1, lambda one, other: bool(one) or bool(other)),
    "&&": (2, lambda one, other: bool(one) and bool(other)),
    "==": (3, operator.eq),
    "!=": (3, operator.ne),
    "<": (4, operator.lt),
    ">": (4, operator.gt),
    "<=": (4, operator.le),
    ">=": (4, operator.ge),
    "+": (5, operator.add),
    "-": (5, operator.sub),
    "*": (6, operator.mul),
    "/": (6, operator.truediv),
    "^": (8, _power),
}
"""Operator → how tightly it binds, and what it does. A sign binds more tightly than a product."""
SIGN = 7
COMBINE: Mapping[str, Callable[[Iterable[float]], float]] = {"MAX": max, "MIN": min, "SUM": sum}
"""Functions of several series, which take the values that there are in a period."""


class MathError(ValueError):
    """An expression that this module does not know, or that is none; the message names it."""


def evaluate(expression: str, series: Mapping[str, Series], periods: Collection[int]) -> dict[int, float]:
    """The values of an expression over series by their ids; FILL fills these periods. Raises MathError."""
    value = _Parser(expression, series, periods).whole()
    if isinstance(value, list):
        raise MathError(f"{expression}: several series, where an alarm takes one")
    return dict.fromkeys(periods, value) if isinstance(value, float) else dict(value)


class _Parser:
    """Works an expression out while it reads it, by operator precedence."""

    def __init__(self, expression: str, series: Mapping[str, Series], periods: Collection[int]) -> None:
        self.expression, self.series, self.periods = expression, series, periods
        self.tokens: list[str] = []
        at, end = 0, len(expression.rstrip())
        while at < end:
            match = TOKEN.match(expression, at)
            if match is None:
                raise MathError(f"{expression}: {expression[at:].strip()[:10]!r} is no part of metric math")
            self.tokens.append(match[match.lastindex or 0])
            at = match.end()

    def whole(self) -> Value:
        value = self._operation(0)
        if self.tokens:
            raise MathError(f"{self.expression}: {self.tokens[0]!r} is too much")
        return value

    def _next(self, expected: str = "") -> str:
        token = self.tokens.pop(0) if self.tokens else ""
        if not token or expected not in ("", token):
            raise MathError(f"{self.expression}: {expected or 'something'} is missing")
        return token

    def _operation(self, least: int) -> Value:
        value = self._operand()
        while self.tokens and self.tokens[0] in OPERATORS and OPERATORS[self.tokens[0]][0] > least:
            binding, function = OPERATORS[self._next()]
            value = _combined(function, value, self._operation(binding))
        return value

    def _operand(self) -> Value:
        term = self._next()
        if term == "-":
            return _combined(operator.sub, 0.0, self._operation(SIGN))
        if term == "(":
            value = self._operation(0)
            self._next(")")
            return value
        if term == "[":
            return [_as_series(each, self.periods) for each in self._listed("]")]
        if term[0].isdecimal():
            return float(term)
        if self.tokens and self.tokens[0] == "(":
            self._next("(")
            return self._called(term, self._listed(")"))
        if term not in self.series:
            raise MathError(f"{self.expression}: no metric {term!r}")
        return self.series[term]

    def _listed(self, end: str) -> list[Value]:
        values = [self._operation(0)]
        while self.tokens and self.tokens[0] == ",":
            self._next(",")
            values.append(self._operation(0))
        self._next(end)
        return values

    def _called(self, function: str, arguments: list[Value]) -> Value:
        match function, arguments:
            case "FILL", [Mapping() as series, float(value)]:
                return {period: series.get(period, value) for period in {*series, *self.periods}}
            case "IF", [condition, then, otherwise]:
                return self._chosen(_as_series(condition, self.periods), then, otherwise)
            case (("MAX" | "MIN" | "SUM"), [list(several)]):
                combine = COMBINE[function]
                periods = {period for series in several for period in series}
                return {period: combine(series[period] for series in several if period in series) for period in periods}
            case "ABS", [Mapping() as series]:
                return {period: abs(value) for period, value in series.items()}
        raise MathError(f"{self.expression}: {function} of {len(arguments)} such arguments is not known here")

    def _chosen(self, condition: Series, then: Value, otherwise: Value) -> Series:
        both = (_as_series(otherwise, self.periods), _as_series(then, self.periods))
        chosen = ((period, both[bool(value)]) for period, value in condition.items())
        return {period: branch[period] for period, branch in chosen if period in branch}


def _as_series(value: Value, periods: Collection[int]) -> Series:
    if isinstance(value, list):
        raise MathError("several series, where one is taken")
    return dict.fromkeys(periods, value) if isinstance(value, float) else value


def _combined(function: Callable[[float, float], float], one: Value, other: Value) -> Value:
    """The operation, period by period where one side is a series."""
    match one, other:
        case float(), float():
            return float(function(one, other))
        case Mapping(), Mapping():
            pairs = {period: (one[period], other[period]) for period in one if period in other}
        case Mapping(), float():
            pairs = {period: (value, other) for period, value in one.items()}
        case float(), Mapping():
            pairs = {period: (one, value) for period, value in other.items()}
        case _:
            raise MathError("an operation on several series at once is not known here")
    combined = {}
    for period, (left, right) in pairs.items():
        try:
            combined[period] = float(function(left, right))
        except ZeroDivisionError:
            continue
    return combined
