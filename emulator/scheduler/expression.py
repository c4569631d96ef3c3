"""When a schedule is due: rate, cron and one-time expressions. Pure.

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import calendar
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

RATE = re.compile(r"rate\((?P<value>[1-9]\d{0,8}) (?P<unit>minute|hour|day)(?P<plural>s?)\)", re.ASCII)
AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)", re.ASCII)
CRON = re.compile(r"cron\((.*)\)")
UNIT_S = {"minute": 60, "hour": 3_600, "day": 86_400}
MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
WEEKDAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
FIRST_YEAR, LAST_YEAR = 1970, 2199
SATURDAY = 7
LONGEST_SHIFT_H = 2
"""So far clocks are set back at most."""


class InvalidExpressionError(ValueError):
    """A text is no schedule expression; the message says why."""


class Expression(Protocol):
    """The moments at which a schedule is due."""

    def next(self, after: float, start: float) -> float | None:
        """The first moment later than `after`, of a schedule that begins at `start`; None when there is no more.

        All in seconds since the epoch.
        """


@dataclass(frozen=True)
class Rate:
    """At the start, and then at a regular rate."""

    every_s: int

    def next(self, after: float, start: float) -> float | None:
        """See `Expression`."""
        times = max(0, math.floor((after - start) / self.every_s) + 1)
        return start + times * self.every_s


@dataclass(frozen=True)
class Once:
    """At one moment."""

    at: float

    def next(self, after: float, start: float) -> float | None:
        """See `Expression`."""
        return self.at if self.at > after and self.at >= start else None


@dataclass(frozen=True)
class Cron:
    """Whenever the clock of a time zone shows one of these times on one of these days."""

    minutes: Sequence[int]
    hours: Sequence[int]
    months: Sequence[int]
    years: Sequence[int]
    is_on: Callable[[date], bool]
    zone: ZoneInfo

    def next(self, after: float, start: float) -> float | None:
        """See `Expression`. A time that the zone skips in spring is left out, one that comes twice counts once."""
        earliest = max(after, math.nextafter(start, 0))
        here = datetime.fromtimestamp(earliest, self.zone)
        months = ((year, month) for year in self.years for month in self.months)
        coming = (month for month in months if month >= (here.year, here.month))
        days = (date(*month, number) for month in coming for number in range(1, calendar.monthrange(*month)[1] + 1))
        for day in filter(self.is_on, days):
            if day < here.date():
                continue
            for hour in self.hours:
                if day == here.date() and hour < here.hour - LONGEST_SHIFT_H:
                    continue
                for minute in self.minutes:
                    there = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone)
                    at = there.astimezone(UTC)
                    is_there = at.astimezone(self.zone).replace(tzinfo=None) == there.replace(tzinfo=None)
                    if is_there and at.timestamp() > earliest:
                        return at.timestamp()
        return None


def parse(text: str, zone: ZoneInfo) -> Expression:
    """The expression that a text is, in a time zone. Raises InvalidExpressionError."""
    if rate := RATE.fullmatch(text):
        value = int(rate["value"])
        if (value == 1) is bool(rate["plural"]):
            raise InvalidExpressionError(f"{text}: the unit is singular after 1, and plural otherwise")
        return Rate(value * UNIT_S[rate["unit"]])
    if once := AT.fullmatch(text):
        try:
            return Once(datetime.fromisoformat(once[1]).replace(tzinfo=zone).timestamp())
        except (ValueError, OverflowError) as error:
            raise InvalidExpressionError(f"{text}: {error}") from error
    if cron := CRON.fullmatch(text):
        return _cron(text, cron[1].split(), zone)
    raise InvalidExpressionError(f"{text}: it is none of rate(…), cron(…) and at(…)")


def _cron(text: str, fields: list[str], zone: ZoneInfo) -> Cron:
    try:
        minutes, hours, days, months, weekdays, years = fields
    except ValueError as error:
        raise InvalidExpressionError(f"{text}: a cron expression has six fields") from error
    if (days == "?") is (weekdays == "?"):
        raise InvalidExpressionError(f"{text}: one of day-of-month and day-of-week, and not both, is ?")
    try:
        return Cron(
            _numbers(minutes, 0, 59),
            _numbers(hours, 0, 23),
            _numbers(months, 1, 12, MONTHS),
            _numbers(years, FIRST_YEAR, LAST_YEAR),
            _on_days(days) if weekdays == "?" else _on_weekdays(weekdays),
            zone,
        )
    except ValueError as error:
        raise InvalidExpressionError(f"{text}: {error}") from error


def _numbers(field: str, least: int, most: int, names: dict[str, int] | None = None) -> list[int]:
    """The numbers that a field stands for, sorted. Raises ValueError."""
    numbers: set[int] = set()
    for part in field.split(","):
        whole, _, step = part.partition("/")
        first, _, last = whole.partition("-")
        low = least if first == "*" else _number(first, least, most, names)
        high = most if first == "*" or (step and not last) else low
        high = _number(last, least, most, names) if last else high
        if low > high or (step and not (step.isascii() and step.isdigit() and int(step) > 0)):
            raise ValueError(f"{part!r} stands for nothing")
        numbers.update(range(low, high + 1, int(step or 1)))
    return sorted(numbers)


def _number(text: str, least: int, most: int, names: dict[str, int] | None) -> int:
    number = (names or {}).get(text.upper(), int(text) if text.isascii() and text.isdigit() and len(text) < 5 else -1)
    if not least <= number <= most:
        raise ValueError(f"{text!r} is not from {least} to {most}")
    return number


def _on_days(field: str) -> Callable[[date], bool]:
    if field == "L":
        return lambda day: (day + timedelta(days=1)).day == 1
    if field.endswith("W"):
        number = _number(field[:-1], 1, 31, None)
        return lambda day: day == _working_day(day, number)
    numbers = frozenset(_numbers(field, 1, 31))
    return lambda day: day.day in numbers


def _working_day(month: date, number: int) -> date | None:
    """The weekday of a month that is nearest to a day of it."""
    if number > calendar.monthrange(month.year, month.month)[1]:
        return None
    day = month.replace(day=number)
    steps = {5: (-1, 2), 6: (1, -2)}.get(day.weekday(), ())
    near = [day + timedelta(days=step) for step in steps] or [day]
    return next(it for it in near if it.month == month.month)


def _on_weekdays(field: str) -> Callable[[date], bool]:
    if field.endswith("L"):
        last = _number(field[:-1] or str(SATURDAY), 1, SATURDAY, WEEKDAYS)
        if field == "L":
            return lambda day: _weekday(day) == last
        return lambda day: _weekday(day) == last and (day + timedelta(days=7)).month != day.month
    name, _, nth = field.partition("#")
    if nth:
        weekday, time = _number(name, 1, SATURDAY, WEEKDAYS), _number(nth, 1, 5, None)
        return lambda day: _weekday(day) == weekday and (day.day + 6) // 7 == time
    numbers = frozenset(_numbers(field, 1, SATURDAY, WEEKDAYS))
    return lambda day: _weekday(day) in numbers


def _weekday(day: date) -> int:
    """AWS counts from Sunday, which is 1."""
    return day.isoweekday() % 7 + 1
