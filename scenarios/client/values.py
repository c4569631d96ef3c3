"""Values of Arrow's arrays as JSON has them: numbers, text, lists and objects, without loss, whatever their type.

What JSON has no number for is text: a decimal, "nan", "inf". Bytes are hexadecimal digits. Times are written as ISO
8601 does, and outside the years 1 to 9999 as DuckDB does: "10000-01-01", "0044-03-15 (BC)", "infinity". A map is an
object whose names are the keys as text, and a list of pairs where a key is there more than once.
Source: Arrow's columnar format; DuckDB's Arrow extension types ("arrow.opaque", with the lossless conversion).
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

import pyarrow as pa

PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
DAY_S = 86_400
EPOCH = date(1970, 1, 1).toordinal()
CYCLE_YEARS, CYCLE_DAYS = 400, 146_097
"""The calendar comes again after so many years."""
Array = Any
"""An array whose type is known at run time only."""


def plain(array: Array) -> list[Any]:
    """The values of `array`, in its order."""
    arrow = array.type
    if isinstance(arrow, pa.BaseExtensionType):
        return _extended(array)
    for is_kind, values in _KINDS:
        if is_kind(arrow):
            return values(array)
    if pa.types.is_union(arrow):
        return [plain(pa.repeat(scalar.value, 1))[0] if scalar.is_valid else None for scalar in array]
    return _each(array, str)


def distinct(names: Iterable[str]) -> Iterator[str]:
    """The names, of which a later one that is there already, also in another case, gets a number: "Name_1"."""
    taken = set[str]()
    for name in names:
        number, chosen = 0, name
        while chosen.lower() in taken:
            number += 1
            chosen = f"{name}_{number}"
        taken.add(chosen.lower())
        yield chosen


def _each(array: Array, text: Callable[[Any], Any]) -> list[Any]:
    return [None if value is None else text(value) for value in array.to_pylist()]


def _of_integers(array: Array, integers: pa.DataType, text: Callable[[int], str]) -> list[Any]:
    return [None if value is None else text(value) for value in array.view(integers).to_pylist()]


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _dates(array: Array) -> list[Any]:
    return _of_integers(array, pa.int32(), lambda days: _infinity(days, 2**31 - 1) or _day(days))


def _timestamps(array: Array) -> list[Any]:
    per_second, zone = PER_SECOND[array.type.unit], "+00:00" if array.type.tz else ""

    def text(count: int) -> str:
        days, within = divmod(count, DAY_S * per_second)
        day = _day(days)
        return _infinity(count, 2**63 - 1) or f"{day}{'T' if day.isascii() and len(day) == 10 else ' '}" + (
            f"{_clock(within, per_second)}{zone}"
        )

    return _of_integers(array, pa.int64(), text)


def _times(array: Array) -> list[Any]:
    per_second = PER_SECOND[array.type.unit]
    integers = pa.int32() if pa.types.is_time32(array.type) else pa.int64()
    return _of_integers(array, integers, lambda count: _clock(count, per_second))


def _day(days: int) -> str:
    """The date so many days after the epoch."""
    cycles, within = divmod(days + EPOCH - 1, CYCLE_DAYS)
    day = date.fromordinal(within + 1)
    year = day.year + cycles * CYCLE_YEARS
    return f"{year:04}-{day:%m-%d}" if year > 0 else f"{1 - year:04}-{day:%m-%d} (BC)"


def _clock(count: int, per_second: int) -> str:
    """The time of day; a fraction has six digits, or nine where it needs them."""
    seconds, fraction = divmod(abs(count), per_second)
    text = f"{'-' if count < 0 else ''}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    nanoseconds = f"{fraction * (10**9 // per_second):09}"
    return f"{text}.{nanoseconds.removesuffix('000')}" if fraction else text


def _infinity(count: int, most: int) -> str | None:
    """DuckDB's dates and times that are later or earlier than every other: the greatest number, and its negative."""
    return {most: "infinity", -most: "-infinity"}.get(count)


def _interval(value: Any) -> str:
    seconds, fraction = divmod(abs(value.nanoseconds), 10**9)
    exact = f"{'-' if value.nanoseconds < 0 else ''}{seconds}{f'.{fraction:09}'.rstrip('0') if fraction else ''}"
    return f"{value.months} months {value.days} days {exact} seconds"


def _lists(array: Array) -> list[Any]:
    if _is.is_fixed_size_list(array.type):
        edges = [number * array.type.list_size for number in range(array.offset, array.offset + len(array) + 1)]
    else:
        edges = array.offsets.to_pylist()
    return _grouped(array, edges, plain(_between(array.values, edges)))


def _maps(array: Array) -> list[Any]:
    edges = array.offsets.to_pylist()
    pairs = zip(plain(_between(array.keys, edges)), plain(_between(array.items, edges)), strict=True)
    return [None if group is None else _object(group) for group in _grouped(array, edges, list(pairs))]


def _between(items: Array, edges: list[int]) -> Array:
    """The items of lists that begin and end there. Arrow's kernels know no extension types."""
    return items.slice(edges[0], edges[-1] - edges[0])


def _grouped(array: Array, edges: list[int], items: list[Any]) -> list[list[Any] | None]:
    """The lists of `array`, given the items of all of them one after another."""
    first = edges[0]
    return [
        items[begin - first : end - first] if is_there else None
        for (begin, end), is_there in zip(pairwise(edges), array.is_valid().to_pylist(), strict=True)
    ]


def _object(pairs: list[tuple[Any, Any]]) -> Any:
    names = {key if isinstance(key, str) else json.dumps(key, ensure_ascii=False): value for key, value in pairs}
    return names if len(names) == len(pairs) else [list(pair) for pair in pairs]


def _structs(array: Array) -> list[Any]:
    names = list(distinct(field.name for field in array.type))
    rows = zip(*map(plain, array.flatten()), strict=True) if names else iter([()] * len(array))
    return [
        dict(zip(names, row, strict=True)) if is_there else None
        for row, is_there in zip(rows, array.is_valid().to_pylist(), strict=True)
    ]


def _extended(array: Array) -> list[Any]:
    """The values of an extension type: what DuckDB has types for and Arrow has not, else those it is stored as."""
    arrow, stored = array.type, array.storage
    kind = arrow.type_name if isinstance(arrow, pa.OpaqueType) else arrow.extension_name
    read = _EXTENSIONS.get(kind)
    return _each(stored, read) if read is not None else plain(stored)


def _bit(value: bytes) -> str:
    """The digits of DuckDB's BIT: a byte with the number of bits of padding goes before them."""
    return "".join(f"{byte:08b}" for byte in value[1:])[value[0] :]


def _time_tz(value: bytes) -> str:
    """DuckDB's TIMETZ: microseconds in the upper 40 bits, below them how far the offset is from the greatest."""
    bits = int.from_bytes(value, "little")
    offset = 16 * 3600 - 1 - (bits & 0xFFFFFF)
    zone = _clock(abs(offset), 1)
    return f"{_clock(bits >> 24, 10**6)}{'-' if offset < 0 else '+'}{zone.removesuffix(':00')}"


def _bignum(value: bytes) -> str:
    """The digits of DuckDB's BIGNUM: three bytes before the number, and of a negative one every bit is turned."""
    if value[0] & 0x80:
        return format(Decimal(int.from_bytes(value[3:])), "f")
    return format(Decimal(-int.from_bytes(bytes(byte ^ 0xFF for byte in value[3:]))), "f")


_EXTENSIONS: dict[str, Callable[[Any], Any]] = {
    "hugeint": lambda value: int.from_bytes(value, "little", signed=True),
    "uhugeint": lambda value: int.from_bytes(value, "little"),
    "bignum": _bignum,
    "bit": _bit,
    "time_tz": _time_tz,
    "arrow.uuid": lambda value: str(UUID(bytes=value)),
    "arrow.bool8": bool,
}
_is = pa.types
_KINDS: tuple[tuple[Callable[[Any], bool], Callable[[Array], list[Any]]], ...] = (
    (
        lambda arrow: _is.is_null(arrow) or _is.is_boolean(arrow) or _is.is_integer(arrow),
        lambda array: array.to_pylist(),
    ),
    (
        lambda arrow: _is.is_string(arrow) or _is.is_large_string(arrow) or _is.is_string_view(arrow),
        lambda a: a.to_pylist(),
    ),
    (_is.is_floating, lambda array: _each(array, _number)),
    (_is.is_decimal, lambda array: _each(array, lambda value: format(value, "f"))),
    (_is.is_date32, _dates),
    (_is.is_time, _times),
    (_is.is_timestamp, _timestamps),
    (_is.is_interval, lambda array: _each(array, _interval)),
    (_is.is_dictionary, lambda array: plain(array.dictionary_decode())),
    (lambda arrow: _is.is_binary(arrow) or _is.is_fixed_size_binary(arrow), lambda array: _each(array, bytes.hex)),
    (lambda arrow: _is.is_large_binary(arrow) or _is.is_binary_view(arrow), lambda array: _each(array, bytes.hex)),
    (_is.is_map, _maps),
    (lambda arrow: _is.is_list(arrow) or _is.is_large_list(arrow) or _is.is_fixed_size_list(arrow), _lists),
    (_is.is_struct, _structs),
)
