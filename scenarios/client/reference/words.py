"""Keys and values of reference data as people and JSON have them. Pure.

Dates and times are ISO 8601, decimals their digits, bytes base64: as text in JSON too. What is beyond the years 1 to
9999 is the number that it is.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from typing import Any

from wavetank.emulator.errors import CallerError
from wavetank.pipeline.reference.table import Column, Key, KeyValue, Kind, Row, Table, Value

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Plain = None | bool | int | float | str
"""A value as JSON has it."""


def time_of(time_us: int) -> str:
    """A time (microseconds since the epoch) in ISO 8601: to the second, or as exactly as it is."""
    try:
        return (EPOCH + timedelta(microseconds=time_us)).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return str(time_us)


def plain(value: Value, kind: Kind) -> Plain:
    """A value of a column as JSON has it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, int) and kind is Kind.DATE:
        return _day(value)
    if isinstance(value, int) and kind is Kind.TIMESTAMP:
        return time_of(value)
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    return value if isinstance(value, int | str) else str(value)


def document(row: Row, table: Table) -> dict[str, Plain]:
    """A row as JSON has it: its columns by name, in the order of the table."""
    return {column.name: plain(row[column.name], column.type.kind) for column in table.columns}


def in_words(row: Mapping[str, Plain]) -> str:
    """A row, or a part of one, in a line."""
    return "  ".join(f"{name}={'NULL' if value is None else value}" for name, value in row.items())


def key_document(key: Key, table: Table) -> dict[str, Plain]:
    """The columns of a key by name, as JSON has them."""
    return {name: plain(value, table.type_of(name).kind) for name, value in zip(table.key, key, strict=True)}


def key_of(words: Sequence[str], table: Table) -> Key:
    """The key that is meant by these words, one for each of its columns. Raises CallerError naming column and rule."""
    if len(words) != len(table.key):
        times = "once" if len(table.key) == 1 else f"{len(table.key)} times"
        raise CallerError(
            f"the key is {', '.join(table.key)}, and {len(words)} value{' is' if len(words) == 1 else 's are'} given.",
            f"Give --key {times}, in this order.",
        )
    return tuple(
        _key_value(word, Column(name, table.type_of(name))) for word, name in zip(words, table.key, strict=True)
    )


def _key_value(word: str, column: Column) -> KeyValue:
    kind: Any = column.type.kind
    try:
        match kind:
            case Kind.INT:
                return int(word)
            case Kind.DATE:
                return (date.fromisoformat(word) - EPOCH.date()).days
    except ValueError as error:
        rule = "a whole number" if kind is Kind.INT else "a date as 2026-01-31"
        raise CallerError(f"the key's column {column.name} is {rule}, and {word!r} is none.") from error
    return word


def _day(days: int) -> str:
    try:
        return (EPOCH.date() + timedelta(days=days)).isoformat()
    except OverflowError:
        return str(days)
