"""The patterns of Java's DateTimeFormatter, as far as an object key needs them.

Pure. Text is English, weeks are those of Locale.US (start on Sunday, week 1 holds January 1st), as on AWS.
Source: https://docs.oracle.com/javase/8/docs/api/java/time/format/DateTimeFormatter.html
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TOKEN = re.compile(r"'(?P<quoted>(?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|(?P<other>.)", re.DOTALL)
_RESERVED = "{}#'"


class DatePatternError(ValueError):
    """A pattern that DateTimeFormatter would refuse, or that is not supported here."""


def format_date(pattern: str, at: datetime) -> str:
    """`at`, written as the pattern says; `at` carries the time zone to write it in.

    Raises DatePatternError for unknown letters, too many of one letter and reserved characters.
    """
    parts: list[str] = []
    for match in _TOKEN.finditer(pattern):
        quoted, letters, other = match["quoted"], match["letters"], match["other"]
        if quoted is not None:
            parts.append(quoted.replace("''", "'") or "'")
        elif letters is not None:
            write = _FIELDS.get(letters[0])
            if write is None:
                raise DatePatternError(f"Unknown pattern letter: {letters[0]}")
            parts.append(write(len(letters), at))
        elif other in _RESERVED:
            raise DatePatternError(f"Pattern includes reserved character: '{other}'")
        elif other not in "[]":
            parts.append(other)
    return "".join(parts)


def _number(value: Callable[[datetime], int], most: int) -> Callable[[int, datetime], str]:
    def write(count: int, at: datetime) -> str:
        if count > most:
            raise DatePatternError(f"Too many pattern letters: {count}, at most {most}")
        return f"{value(at):0{count}d}"

    return write


def _year(value: Callable[[datetime], int]) -> Callable[[int, datetime], str]:
    def write(count: int, at: datetime) -> str:
        return f"{value(at) % 100:02d}" if count == 2 else f"{value(at):0{count}d}"

    return write


def _named(value: Callable[[datetime], int], names: tuple[str, ...]) -> Callable[[int, datetime], str]:
    def write(count: int, at: datetime) -> str:
        number = value(at)
        if count <= 2:
            return f"{number:0{count}d}"
        if count > 5:
            raise DatePatternError(f"Too many pattern letters: {count}, at most 5")
        name = names[number - 1]
        return {3: name[:3], 4: name, 5: name[0]}[count]

    return write


def _fraction(count: int, at: datetime) -> str:
    if count > 9:
        raise DatePatternError(f"Too many pattern letters: {count}, at most 9")
    return f"{at.microsecond * 1000:09d}"[:count]


def _offset(count: int, at: datetime, zero: str = "") -> str:
    text = at.strftime("%z")
    if zero and text == "+0000":
        return zero
    if count == 1 and zero and text.endswith("00"):
        return text[:3]
    return f"{text[:3]}:{text[3:]}" if count in (3, 5) else text


def _saturday(at: datetime) -> datetime:
    return at + timedelta(days=6 - at.isoweekday() % 7)


_WEEKDAY = _named(lambda at: at.isoweekday(), DAYS)
_FIELDS: dict[str, Callable[[int, datetime], str]] = {
    "y": _year(lambda at: at.year),
    "u": _year(lambda at: at.year),
    "Y": _year(lambda at: _saturday(at).year),
    "w": _number(lambda at: (_saturday(at).timetuple().tm_yday - 1) // 7 + 1, 2),
    "M": _named(lambda at: at.month, MONTHS),
    "L": _named(lambda at: at.month, MONTHS),
    "Q": _number(lambda at: (at.month - 1) // 3 + 1, 2),
    "d": _number(lambda at: at.day, 2),
    "D": _number(lambda at: at.timetuple().tm_yday, 3),
    "E": lambda count, at: _WEEKDAY(max(count, 3), at),
    "a": lambda _count, at: "AM" if at.hour < 12 else "PM",
    "H": _number(lambda at: at.hour, 2),
    "k": _number(lambda at: at.hour or 24, 2),
    "K": _number(lambda at: at.hour % 12, 2),
    "h": _number(lambda at: at.hour % 12 or 12, 2),
    "m": _number(lambda at: at.minute, 2),
    "s": _number(lambda at: at.second, 2),
    "S": _fraction,
    "z": lambda _count, at: at.tzname() or "",
    "Z": _offset,
    "X": lambda count, at: _offset(count, at, zero="Z"),
}
