"""Metric math, worked out: the value of an expression over time series.

Source: Amazon CloudWatch User Guide, "Using math expressions with CloudWatch metrics". A value is a number, a time
series, or an array of time series. Operators between two time series take a missing datapoint for 0 where the other
has one; a datapoint that would need a division by zero is dropped.
"""

import math
import operator
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from wavetank.emulator.cloudwatch.core.parsing import Array, Call, ExpressionError, Name, Node, Number, Operation, Text

type Points = dict[float, float]
"""Datapoints by time: seconds since the epoch, ascending."""


@dataclass(frozen=True)
class TimeSeries:
    """The datapoints of a metric or of an expression. `period_s` is None where there is none, as for expressions."""

    points: Points = field(default_factory=dict)
    period_s: int | None = None
    label: str = ""


type Value = float | TimeSeries | tuple[TimeSeries, ...]


@dataclass(frozen=True)
class Scope:
    """The values of other queries by id, the ids of those that are metrics, and the times of datapoints."""

    values: Mapping[str, Value]
    metrics: Sequence[str]
    times: Sequence[float]


def calculate(node: Node, scope: Scope) -> Value:
    """The value of an expression. Raises ExpressionError for an unknown id or function, or a wrong argument."""
    match node:
        case Number(value):
            return value
        case Name(value):
            if value not in scope.values:
                raise ExpressionError(f"there is no query with the id {value!r}")
            return scope.values[value]
        case Text(value):
            raise ExpressionError(f"{value!r} is a text, which only METRICS takes")
        case Array(items):
            return tuple(series for item in items for series in _all(calculate(item, scope), "[ ]"))
        case Operation(sign, (operand,)):
            return _each(lambda value: -value, calculate(operand, scope), f"unary {sign}")
        case Operation(sign, (left, right)):
            return _operate(sign, calculate(left, scope), calculate(right, scope))
        case Call(name, arguments):
            function = FUNCTIONS.get(name)
            if function is None:
                raise ExpressionError(f"{name} is not emulated; there are {', '.join(sorted(FUNCTIONS))}")
            return function(arguments, scope)
    raise ExpressionError(f"{node} makes no sense")


def _power(base: float, exponent: float) -> float | None:
    try:
        power = base**exponent
    except (OverflowError, ZeroDivisionError):
        return None
    return power if isinstance(power, float) else None


_OPERATORS: dict[str, Callable[[float, float], float | None]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda left, right: left / right if right else None,
    "^": _power,
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<": lambda left, right: float(left < right),
    ">": lambda left, right: float(left > right),
    "<=": lambda left, right: float(left <= right),
    ">=": lambda left, right: float(left >= right),
    "&&": lambda left, right: float(bool(left) and bool(right)),
    "||": lambda left, right: float(bool(left) or bool(right)),
}


def _operate(sign: str, left: Value, right: Value) -> Value:
    if isinstance(left, tuple) and isinstance(right, tuple):
        if len(left) != len(right):
            raise ExpressionError(f"{sign} takes no arrays of {len(left)} and {len(right)} time series")
        return tuple(_operate_on_series(sign, one, other) for one, other in zip(left, right, strict=True))
    if isinstance(left, tuple):
        return tuple(_operate_on_series(sign, one, right) for one in left)
    if isinstance(right, tuple):
        return tuple(_operate_on_series(sign, left, one) for one in right)
    if isinstance(left, TimeSeries) or isinstance(right, TimeSeries):
        return _operate_on_series(sign, left, right)
    value = _OPERATORS[sign](left, right)
    if value is None:
        raise ExpressionError(f"{left:g} {sign} {right:g} has no value")
    return value


def _operate_on_series(sign: str, left: Value, right: Value) -> TimeSeries:
    times = _times([side for side in (left, right) if isinstance(side, TimeSeries)])
    points = {at: _OPERATORS[sign](_at(left, at), _at(right, at)) for at in times}
    label = next((side.label for side in (left, right) if isinstance(side, TimeSeries)), "")
    return TimeSeries({at: value for at, value in points.items() if value is not None}, label=label)


def _times(series: Iterable[TimeSeries]) -> list[float]:
    return sorted({at for each in series for at in each.points})


def _at(value: Value, at: float) -> float:
    if isinstance(value, TimeSeries):
        return value.points.get(at, 0.0)
    assert isinstance(value, float)
    return value


def _all(value: Value, what: str) -> tuple[TimeSeries, ...]:
    """The time series of a value. Raises ExpressionError for a number."""
    if isinstance(value, TimeSeries):
        return (value,)
    if isinstance(value, tuple):
        return value
    raise ExpressionError(f"{what} takes time series, not the number {value:g}")


def _each(change: Callable[[float], float | None], value: Value, what: str) -> Value:
    """A value of which every datapoint is changed; those that become None are dropped."""
    if isinstance(value, float):
        changed = change(value)
        if changed is None:
            raise ExpressionError(f"{what} has no value for {value:g}")
        return changed

    def change_all(points: Points) -> Points:
        return {at: new for at, old in points.items() if (new := change(old)) is not None}

    return _each_series(change_all, value)


def _each_series(change: Callable[[Points], Points], value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(replace(series, points=change(series.points), period_s=None) for series in value)
    assert isinstance(value, TimeSeries)
    return replace(value, points=change(value.points), period_s=None)


type Function = Callable[[tuple[Node, ...], Scope], Value]


def _takes(name: str, arguments: tuple[Node, ...], least: int, most: int | None = None) -> None:
    if not least <= len(arguments) <= (most or least):
        expected = f"{least} to {most}" if most else str(least)
        raise ExpressionError(f"{name} takes {expected} arguments, not {len(arguments)}")


def _by_point(name: str, change: Callable[[float], float | None]) -> Function:
    """A function of each datapoint."""

    def function(arguments: tuple[Node, ...], scope: Scope) -> Value:
        _takes(name, arguments, 1)
        value = calculate(arguments[0], scope)
        _all(value, name)
        return _each(change, value, name)

    return function


def _by_series(name: str, change: Callable[[Points], Points]) -> Function:
    """A function of each time series."""

    def function(arguments: tuple[Node, ...], scope: Scope) -> Value:
        _takes(name, arguments, 1)
        value = calculate(arguments[0], scope)
        _all(value, name)
        return _each_series(change, value)

    return function


def _by_time(name: str, reduce: Callable[[list[float], int], float]) -> Function:
    """A function that makes a number of one time series, and one time series of an array.

    `reduce` gets the values that are there, and how many there would be if none were missing.
    """

    def function(arguments: tuple[Node, ...], scope: Scope) -> Value:
        _takes(name, arguments, 1)
        value = calculate(arguments[0], scope)
        series = _all(value, name)
        if isinstance(value, TimeSeries):
            values = list(value.points.values())
            return reduce(values, len(values)) if values else 0.0
        points = {
            at: reduce([each.points[at] for each in series if at in each.points], len(series)) for at in _times(series)
        }
        return TimeSeries(points)

    return function


def _differences(points: Points, rate: Callable[[float, float], float]) -> Points:
    return {at: rate(new - old, at - before) for (before, old), (at, new) in pairwise(points.items())}


def _running_sum(points: Points) -> Points:
    total, sums = 0.0, {}
    for at, value in points.items():
        sums[at] = total = total + value
    return sums


def _metrics(arguments: tuple[Node, ...], scope: Scope) -> Value:
    _takes("METRICS", arguments, 0, 1)
    part = ""
    if arguments:
        if not isinstance(arguments[0], Text):
            raise ExpressionError("METRICS takes a text in quotes, or nothing")
        part = arguments[0].value
    return tuple(series for name in scope.metrics if part in name for series in _all(scope.values[name], "METRICS"))


def _period(arguments: tuple[Node, ...], scope: Scope) -> Value:
    _takes("PERIOD", arguments, 1)
    value = calculate(arguments[0], scope)
    if not isinstance(value, TimeSeries) or value.period_s is None:
        raise ExpressionError("PERIOD takes a metric, no number and no result of another expression")
    return float(value.period_s)


def _time_series(arguments: tuple[Node, ...], scope: Scope) -> Value:
    _takes("TIME_SERIES", arguments, 1)
    value = calculate(arguments[0], scope)
    if not isinstance(value, float):
        raise ExpressionError("TIME_SERIES takes a number")
    return TimeSeries(dict.fromkeys(scope.times, value))


def _metric_count(arguments: tuple[Node, ...], scope: Scope) -> Value:
    _takes("METRIC_COUNT", arguments, 1)
    return float(len(_all(calculate(arguments[0], scope), "METRIC_COUNT")))


def _place(name: str, index: int) -> Function:
    def function(arguments: tuple[Node, ...], scope: Scope) -> Value:
        _takes(name, arguments, 1)
        series = _all(calculate(arguments[0], scope), name)
        return series[index] if series else TimeSeries()

    return function


def _remove_empty(arguments: tuple[Node, ...], scope: Scope) -> Value:
    _takes("REMOVE_EMPTY", arguments, 1)
    return tuple(series for series in _all(calculate(arguments[0], scope), "REMOVE_EMPTY") if series.points)


def _fill(arguments: tuple[Node, ...], scope: Scope) -> Value:
    _takes("FILL", arguments, 2)
    value, filler = calculate(arguments[0], scope), arguments[1]
    _all(value, "FILL")
    if filler == Name("REPEAT"):
        return _each_series(lambda points: _repeated(points, scope.times), value)
    if filler == Name("LINEAR"):
        return _each_series(lambda points: _interpolated(points, scope.times), value)
    given = calculate(filler, scope)
    if isinstance(given, tuple):
        raise ExpressionError("FILL fills with a number, a time series, REPEAT or LINEAR, not with an array")
    fillers = given.points if isinstance(given, TimeSeries) else dict.fromkeys(scope.times, given)
    return _each_series(lambda points: dict(sorted((fillers | points).items())), value)


def _repeated(points: Points, times: Sequence[float]) -> Points:
    """Missing datapoints have the value of the last one before them."""
    filled: Points = {}
    for at in sorted({*times, *points}):
        if at in points:
            filled[at] = points[at]
        elif filled:
            filled[at] = next(reversed(filled.values()))
    return filled


def _interpolated(points: Points, times: Sequence[float]) -> Points:
    """Missing datapoints lie on the line between those around them."""
    filled = dict(points)
    for (start, first), (end, last) in pairwise(points.items()):
        for at in times:
            if start < at < end:
                filled[at] = first + (last - first) * (at - start) / (end - start)
    return dict(sorted(filled.items()))


def _if(arguments: tuple[Node, ...], scope: Scope) -> Value:
    """A value by a condition: at each time of it, or as a whole where it is a number."""
    _takes("IF", arguments, 2, 3)
    condition, *branches = (calculate(argument, scope) for argument in arguments)
    if any(isinstance(value, tuple) for value in (condition, *branches)):
        raise ExpressionError("IF takes no arrays of time series")
    then, otherwise = branches[0], branches[1] if len(branches) > 1 else TimeSeries()
    if not isinstance(condition, TimeSeries):
        return then if condition else otherwise
    points: Points = {}
    for at, holds in condition.points.items():
        if holds:
            points[at] = _at(then, at)
        elif not isinstance(otherwise, TimeSeries) or at in otherwise.points:
            points[at] = _at(otherwise, at)
    return TimeSeries(points)


FUNCTIONS: dict[str, Function] = {
    "ABS": _by_point("ABS", abs),
    "CEIL": _by_point("CEIL", lambda value: float(math.ceil(value))),
    "FLOOR": _by_point("FLOOR", lambda value: float(math.floor(value))),
    "LOG": _by_point("LOG", lambda value: math.log(value) if value > 0 else None),
    "LOG10": _by_point("LOG10", lambda value: math.log10(value) if value > 0 else None),
    "AVG": _by_time("AVG", lambda values, number: sum(values) / number),
    "MAX": _by_time("MAX", lambda values, _number: max(values)),
    "MIN": _by_time("MIN", lambda values, _number: min(values)),
    "SUM": _by_time("SUM", lambda values, _number: float(sum(values))),
    "STDDEV": _by_time("STDDEV", lambda values, _number: statistics.pstdev(values)),
    "DATAPOINT_COUNT": _by_time("DATAPOINT_COUNT", lambda values, _number: float(len(values))),
    "DIFF": _by_series("DIFF", lambda points: _differences(points, lambda change, _seconds: change)),
    "DIFF_TIME": _by_series("DIFF_TIME", lambda points: _differences(points, lambda _change, seconds: seconds)),
    "RATE": _by_series("RATE", lambda points: _differences(points, lambda change, seconds: change / seconds)),
    "RUNNING_SUM": _by_series("RUNNING_SUM", _running_sum),
    "METRICS": _metrics,
    "METRIC_COUNT": _metric_count,
    "PERIOD": _period,
    "TIME_SERIES": _time_series,
    "FIRST": _place("FIRST", 0),
    "LAST": _place("LAST", -1),
    "REMOVE_EMPTY": _remove_empty,
    "FILL": _fill,
    "IF": _if,
}
"""The functions of metric math by name, as the guide describes each."""
