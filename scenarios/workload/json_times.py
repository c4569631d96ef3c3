"""Turns JSON values into times: event times in the formats of a mapping, and Avro's dates, times and durations.

A column's time is ISO 8601 text or a whole number in the column's unit, and is taken without loss or not at all.
Source: Avro specification, "Logical Types"; ISO 8601 as `datetime.fromisoformat` takes it, letters in either case.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from wavetank.pipeline.avro.model import Logical
from wavetank.pipeline.avro.storable import Range
from wavetank.scenarios.workload.json_scalars import Read, decimal, integer, shown, text
from wavetank.scenarios.workload.ndjson import Number

EPOCH_UNITS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
ISO8601 = "iso8601"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_US = (datetime(1, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_LAST_US = (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_DAY = r"\d{4}-?(?:\d{2}-?\d{2}|W\d{2}(?:-?\d)?)"
_ISO8601_DATE = re.compile(rf"{_DAY}([T ]|$)", re.ASCII)
_DATE = re.compile(_DAY, re.ASCII)
_FRACTION = re.compile(r"([T ](?:\d{2}:\d{2}:\d{2}|\d{6}))[.,](\d+)", re.ASCII)
_TIME_OF_DAY = re.compile(r"T?(\d{2}:\d{2}(?::\d{2})?|\d{4}|\d{6})(?:[.,](\d+))?", re.ASCII)
_YEAR = re.compile(r"%[YyGcx]")
_DURATION = re.compile(
    r"P(?:(?P<Y>\d+)Y)?(?:(?P<M>\d+)M)?(?:(?P<W>\d+)W)?(?:(?P<D>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+)(?:[.,](?P<f>\d+))?S)?)?",
    re.ASCII,
)
_LONGEST_TIME = 100
"""Characters of a time or a duration: more than any that is one."""
_PER_SECOND = {"millis": 1_000, "micros": 1_000_000, "nanos": 1_000_000_000}
_UNITS = {"millis": "milliseconds", "micros": "microseconds", "nanos": "nanoseconds"}
DURATION_PARTS = ("months", "days", "milliseconds")
_DURATION_LIMIT = 2**32
_whole = integer(64)


def time_reader(time_format: str) -> Read:
    """The reader of an event time as microseconds since the epoch; digits below a microsecond are cut off.

    `time_format` is `iso8601`, `epoch_s`, `epoch_ms`, `epoch_us` or a strptime pattern; ValueError for
    another.
    """
    if time_format == ISO8601:
        return _iso8601
    if time_format in EPOCH_UNITS:
        unit = EPOCH_UNITS[time_format]
        return lambda value: _in_range(int(decimal(value) * unit))
    if "%" not in time_format:
        formats = ", ".join([ISO8601, *EPOCH_UNITS])
        raise ValueError(f"{time_format!r} is no time format; there are {formats}, and strptime patterns")
    try:
        datetime.strptime("", time_format)
    except ValueError as error:
        if "directive" in str(error) or "stray" in str(error):
            raise ValueError(f"{time_format!r} is no strptime pattern: {error}") from error
    if not _YEAR.search(time_format):
        raise ValueError(f"{time_format!r} names no year (%Y)")
    return lambda value: _micros(datetime.strptime(text(value).strip(), time_format))


def logical_time_reader(logical: Logical, allowed: Range) -> Read:
    """The reader of a date, a time of day or a timestamp as a number in the unit of its logical type."""
    kind, _, unit = logical.name.rpartition("-")
    from_text: Callable[[str], int]
    match kind:
        case "":
            from_text, in_unit = _days, "days"
        case "time":
            from_text, in_unit = _time_of_day_reader(unit), _UNITS[unit]
        case _:
            from_text, in_unit = _timestamp_reader(unit, is_local=kind.startswith("local")), _UNITS[unit]

    def read(value: Any) -> int:
        if isinstance(value, Number):
            number = _whole(value)
        elif isinstance(value, str) and len(value) <= _LONGEST_TIME:
            number = from_text(value.strip().upper())
        else:
            raise ValueError(f"{shown(value)} is neither text in ISO 8601 nor a whole number of {in_unit}")
        if not allowed.low <= number <= allowed.high:
            raise ValueError(f"{shown(value)} {allowed.rule}")
        return number

    return read


def duration(value: Any) -> bytes:
    """The 12 bytes of a duration: months, days and milliseconds, unsigned and little endian.

    From ISO 8601 text, where a year is 12 months, a week 7 days, and what follows the T milliseconds, or from an object
    of `months`, `days` and `milliseconds`, where one that is not there is 0.
    """
    if isinstance(value, Mapping):
        parts = _duration_of_object(value)
    elif isinstance(value, str) and not isinstance(value, Number):
        parts = _duration_of_text(value)
    else:
        raise ValueError(f"{shown(value)} is neither a duration in ISO 8601 nor an object of {_listed()}")
    for name, number in zip(DURATION_PARTS, parts, strict=True):
        if not 0 <= number < _DURATION_LIMIT:
            raise ValueError(f"{shown(value)} has {number} {name}, and a duration 0 to {_DURATION_LIMIT - 1:,}")
    return b"".join(number.to_bytes(4, "little") for number in parts)


def _listed() -> str:
    return ", ".join(DURATION_PARTS)


def _duration_of_object(value: Mapping[str, Any]) -> tuple[int, ...]:
    if not value or not value.keys() <= set(DURATION_PARTS):
        raise ValueError(f"{shown(value)} is no object of {_listed()}")
    return tuple(_whole(value[name]) if name in value else 0 for name in DURATION_PARTS)


def _duration_of_text(value: str) -> tuple[int, ...]:
    written = value.strip().upper()
    matched = _DURATION.fullmatch(written) if len(written) <= _LONGEST_TIME else None
    if matched is None or not any(matched.groups()):
        raise ValueError(f"{shown(value)} is no duration in ISO 8601, such as P1M2DT3.004S")
    part = {name: int(digits or 0) for name, digits in matched.groupdict().items() if name != "f"}
    seconds = part["h"] * 3600 + part["m"] * 60 + part["s"]
    millis = seconds * 1_000 + _fraction(matched["f"] or "", 1_000, value)
    return part["Y"] * 12 + part["M"], part["W"] * 7 + part["D"], millis


def _fraction(digits: str, per_second: int, value: str) -> int:
    """The units in a fraction of a second; raises ValueError where the unit has no place for a digit."""
    places = len(str(per_second)) - 1
    if digits[places:].strip("0"):
        raise ValueError(f"{shown(value)} has more than {places} digits of a second, and none may be lost")
    return int(digits[:places].ljust(places, "0"))


def _days(written: str) -> int:
    if not _DATE.fullmatch(written):
        raise ValueError(f"{shown(written)} is no date in ISO 8601, such as 2024-02-29")
    try:
        return (date.fromisoformat(written) - _EPOCH.date()).days
    except ValueError as error:
        raise ValueError(f"{shown(written)} is no date: {error}") from error


def _time_of_day_reader(unit: str) -> Callable[[str], int]:
    per_second = _PER_SECOND[unit]

    def read(written: str) -> int:
        matched = _TIME_OF_DAY.fullmatch(written)
        if matched is None:
            raise ValueError(f"{shown(written)} is no time of day in ISO 8601 without an offset, such as 09:30:00")
        try:
            at = time.fromisoformat(matched[1])
        except ValueError as error:
            raise ValueError(f"{shown(written)} is no time of day: {error}") from error
        if matched[2] and len(matched[1]) not in (6, 8):
            raise ValueError(f"{shown(written)} has a fraction of a minute, and seconds alone may have one")
        seconds = at.hour * 3600 + at.minute * 60 + at.second
        return seconds * per_second + _fraction(matched[2] or "", per_second, written)

    return read


def _timestamp_reader(unit: str, is_local: bool) -> Callable[[str], int]:
    per_second = _PER_SECOND[unit]

    def read(written: str) -> int:
        if not _ISO8601_DATE.match(written):
            raise ValueError(f"{shown(written)} is not in ISO 8601")
        whole, digits = written, ""
        if "." in written or "," in written:
            fraction = _FRACTION.search(written)
            if fraction is None:
                raise ValueError(f"{shown(written)} has a fraction, and seconds alone may have one")
            whole, digits = written[: fraction.start(2) - 1] + written[fraction.end() :], fraction[2]
        try:
            moment = datetime.fromisoformat(whole)
        except ValueError as error:
            raise ValueError(f"{shown(written)} is no time: {error}") from error
        if is_local and moment.tzinfo is not None:
            raise ValueError(f"{shown(written)} has an offset, and a local timestamp has none")
        since = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)) - _EPOCH
        seconds = since.days * 86_400 + since.seconds
        if since.microseconds:
            raise ValueError(f"{shown(written)} has an offset that is no whole number of seconds")
        return seconds * per_second + (_fraction(digits, per_second, written) if digits else 0)

    return read


def _iso8601(value: Any) -> int:
    written = text(value).strip().upper()
    if not _ISO8601_DATE.match(written):
        # `fromisoformat` takes any letter or digit between date and time, and so many a number for a time.
        raise ValueError("not in ISO 8601")
    return _micros(datetime.fromisoformat(written))


def _micros(moment: datetime) -> int:
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return _in_range((aware - _EPOCH) // timedelta(microseconds=1))


def _in_range(micros: int) -> int:
    if not _FIRST_US <= micros <= _LAST_US:
        raise ValueError("outside the years 1 to 9999")
    return micros
