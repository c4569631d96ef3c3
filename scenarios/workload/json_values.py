"""Turns JSON values into values of a schema's types, without loss or not at all.

Text that reads as a number or a truth value is taken as one where the schema asks for it; 2.0 is an integer,
2.5 is not. Times become whole microseconds since the epoch, UTC; a time without an offset is taken as UTC,
and digits below a microsecond are cut off.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from wavetank.scenarios.oracle.history import Value
from wavetank.scenarios.workload.ndjson import Number, json_text

Read = Callable[[Any], Value]
"""Takes a JSON value that is not null; raises ValueError with a message for people."""

EPOCH_UNITS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
ISO8601 = "iso8601"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_US = (datetime(1, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_LAST_US = (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,4})?")
_ISO8601_DATE = re.compile(r"\d{4}-?(\d{2}-?\d{2}|W\d{2}(-?\d)?)([Tt ]|$)", re.ASCII)
_YEAR = re.compile(r"%[YyGcx]")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_SHOWN_CHARACTERS = 60


def reader_of(avro: Any) -> Read | None:
    """The reader of a JSON value as one of the Avro type; of a union with null, of its other branch.

    None for types that a flat JSON object has no values for: records, arrays, bytes, unions of several.
    """
    if isinstance(avro, list):
        branches = [branch for branch in avro if branch != "null"]
        return reader_of(branches[0]) if len(branches) == 1 else None
    if isinstance(avro, str):
        avro = {"type": avro}
    match avro:
        case {"type": "long", "logicalType": "timestamp-micros"}:
            return time_reader(ISO8601)
        case {"logicalType": str()}:
            return None
        case {"type": "enum", "symbols": [*symbols]}:
            return _one_of(symbols)
        case {"type": "map", "values": "string"}:
            return _text_map
        case {"type": dict(inner)}:
            return reader_of(inner)
        case {"type": str(primitive)}:
            return _PRIMITIVES.get(primitive)
    return None


def time_reader(time_format: str) -> Read:
    """The reader of a time as microseconds since the epoch.

    `time_format` is `iso8601`, `epoch_s`, `epoch_ms`, `epoch_us` or a strptime pattern; ValueError for
    another.
    """
    if time_format == ISO8601:
        return _iso8601
    if time_format in EPOCH_UNITS:
        unit = EPOCH_UNITS[time_format]
        return lambda value: _in_range(int(_decimal(value) * unit))
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


def text(value: Any) -> str:
    """A JSON scalar as text. Raises ValueError for an object or an array."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return json_text(value)
    raise ValueError(f"{shown(value)} is not text")


def loose_text(value: Any) -> str:
    """Any JSON value as text: a string as it is, everything else as JSON text."""
    return str(value) if isinstance(value, str) else json_text(value)


def shown(value: Any) -> str:
    """A value for a message, cut to a length that fits into one."""
    written = json_text(value)
    return written if len(written) <= _SHOWN_CHARACTERS else written[:_SHOWN_CHARACTERS] + "…"


def _iso8601(value: Any) -> Value:
    written = text(value).strip()
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


def _decimal(value: Any) -> Decimal:
    written = str(value).strip() if isinstance(value, str) else ""
    if not _NUMBER.fullmatch(written):
        raise ValueError(f"{shown(value)} is not a number")
    number = Decimal(written)
    # A number of a few characters may stand for one of thousands of digits; none of our types holds those.
    if number and number.adjusted() > 400:
        raise ValueError(f"{shown(value)} is too large")
    return number


def _integer(bits: int) -> Read:
    limit = 2 ** (bits - 1)

    def read(value: Any) -> Value:
        number = _decimal(value)
        if number != number.to_integral_value():
            raise ValueError(f"{shown(value)} is not a whole number")
        if not -limit <= number < limit:
            raise ValueError(f"{shown(value)} does not fit into {bits} bits")
        return int(number)

    return read


def _double(value: Any) -> Value:
    number = float(_decimal(value))
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{shown(value)} is too large")
    return number


def _boolean(value: Any) -> Value:
    truth = value if isinstance(value, bool) else _TRUTH.get(str(value).lower())
    if truth is None or not isinstance(value, bool | str):
        raise ValueError(f"{shown(value)} is not true or false (nor 1 or 0)")
    return truth


def _one_of(symbols: list[str]) -> Read:
    def read(value: Any) -> Value:
        if isinstance(value, Number) or value not in symbols:
            raise ValueError(f"{shown(value)} is not one of {', '.join(symbols)}")
        return str(value)

    return read


def _text_map(value: Any) -> Value:
    if not isinstance(value, Mapping):
        raise ValueError(f"{shown(value)} is not an object")
    return {str(name): loose_text(item) for name, item in value.items()}


_PRIMITIVES: dict[str, Read] = {
    "string": text,
    "int": _integer(32),
    "long": _integer(64),
    "float": _double,
    "double": _double,
    "boolean": _boolean,
}
