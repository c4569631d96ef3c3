"""The rules of a dump: which references are due, how a driver's values are those of a column, and what is refused.

What is refused stays as it was published before: data that are old are better than data that are wrong or gone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from enum import StrEnum
from math import isfinite
from typing import Any

from wavetank.pipeline.errors import ReferenceRefused
from wavetank.pipeline.reference.index import SECOND_US
from wavetank.pipeline.reference.source import Source, tick_s
from wavetank.pipeline.reference.table import MOST_DIGITS, Column, ColumnType, Kind, Value

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = date(1970, 1, 1)
MICROSECOND = timedelta(microseconds=1)
BOOLEANS: Mapping[Any, bool] = {0: False, 1: True}
"""Equal to False and True as well: tinyint(1) of MySQL, and what SQLite has, are numbers."""
LONGEST_SHOWN = 40
EXACT = Context(prec=MOST_DIGITS)


class Reason(StrEnum):
    """The reasons for which a reference is not dumped."""

    STATEMENT = "statement"
    COLUMNS = "columns"
    VALUES = "values"
    KEYS = "keys"
    LIMITS = "limits"
    SHRUNK = "shrunk"
    OVERTAKEN = "overtaken"


class Refused(ReferenceRefused):
    """A reference that cannot be published as it is in the database, with the reason."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Misfit(ValueError):
    """A value that is none of its column's type."""


def due(sources: Sequence[Source], tick_us: int, looked_us: Mapping[str, int]) -> list[Source]:
    """The sources that are to be read at a tick, by its time.

    Each is at one tick of every so many, and at any where its last look, by name, is longer ago than that: what a tick
    that was missed or failed has left undone.
    """
    between_us = tick_s(sources) * SECOND_US

    def is_due(source: Source) -> bool:
        every_us, looked = source.every_s * SECOND_US, looked_us.get(source.name)
        return tick_us % every_us < between_us or looked is None or tick_us - looked >= every_us

    return [source for source in sources if is_due(source)]


@dataclass
class Count:
    """The rows that have gone by."""

    rows: int = 0


def typed(source: Source, rows: Iterable[Sequence[Any]], count: Count, lenient: bool = False) -> Iterator[list[Value]]:
    """A driver's rows, in the order of the source's columns, with the values of the columns' types; counted.

    lenient: decimals, dates and times may be text or numbers, as SQLite has no such types. Raises Refused, naming the
    column, for a value of another type, and for more rows than the limit.
    """
    casts = [(column, _cast(column.type, lenient)) for column in source.table.columns]
    for row in rows:
        count.rows += 1
        if count.rows > source.limits.rows:
            raise Refused(Reason.LIMITS, f"it has more than {source.limits.rows:,} rows, its limit")
        yield [
            None if value is None else _typed(column, cast, value)
            for (column, cast), value in zip(casts, row, strict=True)
        ]


def check_size(source: Source, size: int) -> None:
    """Raise Refused for a snapshot of more bytes than the limit."""
    if size > source.limits.bytes:
        raise Refused(Reason.LIMITS, f"its snapshot has {size:,} bytes, and {source.limits.bytes:,} is its limit")


def check_shrink(source: Source, before: int | None, after: int) -> None:
    """Raise Refused where more of the rows are gone than may be.

    before: rows of the newest snapshot, None where there is none or nobody knows.
    """
    if before and (before - after) * 100 > before * source.limits.shrink_percent:
        gone = f"it has {after:,} rows, and had {before:,}: more than {source.limits.shrink_percent} % of them are gone"
        raise Refused(Reason.SHRUNK, f"{gone}; where that is meant, raise limits.shrink_percent")


def order_of(source: Source, names: Sequence[str]) -> list[int]:
    """The places of the source's columns among those of a result. Raises Refused naming a column that is missing."""
    missing = [column.name for column in source.table.columns if column.name not in names]
    if missing:
        raise Refused(
            Reason.COLUMNS, f"the database gives no column {', '.join(missing)}; it gives: {', '.join(names)}"
        )
    return [list(names).index(column.name) for column in source.table.columns]


def _typed(column: Column, cast: Callable[[Any], Value], value: Any) -> Value:
    try:
        return cast(value)
    except (Misfit, ArithmeticError, ValueError) as error:
        shown = repr(value)
        shown = shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"
        text = f"column {column.name} is {column.type} and has {type(value).__name__} {shown}"
        raise Refused(Reason.VALUES, f"{text}{f': {error}' if isinstance(error, Misfit) else ''}") from None


def _cast(type_: ColumnType, lenient: bool) -> Callable[[Any], Value]:
    """The function that gives a driver's value, which is not NULL, as one of the type. It raises Misfit."""
    match type_.kind:
        case Kind.STRING:
            return _string
        case Kind.INT:
            return _int
        case Kind.FLOAT:
            return _float
        case Kind.BOOLEAN:
            return _boolean
        case Kind.BYTES:
            return _bytes
        case Kind.DECIMAL:
            return lambda value: _decimal(value, type_, lenient)
        case Kind.DATE:
            return lambda value: _date(value, lenient)
        case Kind.TIMESTAMP:
            return lambda value: _timestamp(value, lenient)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise Misfit("no text")
    return value


def _int(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Misfit("no whole number")
    if not -(1 << 63) <= value < 1 << 63:
        raise Misfit("more than 64 bits")
    return value


def _float(value: Any) -> float:
    if not isinstance(value, float):
        raise Misfit("no floating-point number")
    if not isfinite(value):
        raise Misfit("no number")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, int) or value not in BOOLEANS:
        raise Misfit("neither true nor false")
    return BOOLEANS[value]


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise Misfit("no bytes")
    return bytes(value)


def _decimal(value: Any, type_: ColumnType, lenient: bool) -> Decimal:
    if lenient and isinstance(value, int | float | str) and not isinstance(value, bool):
        # A float's shortest text: what was written, of up to 15 digits.
        value = Decimal(str(value))
    if not isinstance(value, Decimal) or not value.is_finite():
        raise Misfit("no decimal number")
    if value and value.adjusted() >= type_.precision - type_.scale:
        raise Misfit(f"more than {type_.precision - type_.scale} digits before the point")
    written = value.quantize(Decimal((0, (1,), -type_.scale)), context=EXACT)
    if written != value:
        raise Misfit(f"more than {type_.scale} digits after the point")
    return written if written else abs(written)


def _date(value: Any, lenient: bool) -> int:
    if lenient and isinstance(value, str):
        value = date.fromisoformat(value)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise Misfit("no date")
    return (value - EPOCH_DAY).days


def _timestamp(value: Any, lenient: bool) -> int:
    if lenient and isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        raise Misfit("no time")
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    return (moment - EPOCH) // MICROSECOND
