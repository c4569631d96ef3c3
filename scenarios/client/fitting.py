"""Columns of one file as those of another: the files of an event type are written in several versions of its schema.

What Avro resolves and what Parquet can widen is fitted, within structs by name. All else is refused: Arrow's casts
would also make booleans of numbers, and times. Source: Avro specification, "Schema Resolution".
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wavetank.scenarios.client.values import distinct

Arrow = Any
"""A type of pyarrow's that is known at run time only."""
Array = Any
"""An array of such a type."""
UUID_BYTES, DURATION_BYTES = 16, 12
DURATION = pa.struct([("months", pa.int64()), ("days", pa.int64()), ("milliseconds", pa.int64())])
DUCKDB_MICROSECONDS = 2**63 - 1
"""The latest time with a zone that DuckDB has, and the earliest with a minus; a file may have them in larger units."""
_is = pa.types


class UnfitError(Exception):
    """A column does not go with another one, or DuckDB has no value for one of it; the message names it."""


def nullable(arrow: Arrow) -> Arrow:
    """The type with null allowed everywhere within, as an older file may lack fields that a newer schema needs.

    Enumerations within are text: DuckDB reads no empty lists of dictionaries.
    """
    return arrow if _is.is_dictionary(arrow) else _rebuilt(arrow, told_apart=False)


def told_apart(arrow: Arrow) -> Arrow:
    """The nullable type, in whose structs a name that is there before in another case gets a number, as in DuckDB."""
    return arrow if _is.is_dictionary(arrow) else _rebuilt(arrow, told_apart=True)


def holds_nothing(arrow: Arrow) -> bool:
    """Whether the type has a list or map of nulls within: Arrow's own cast cuts those short where they are nested."""
    if _is.is_list(arrow):
        return bool(_is.is_null(arrow.value_type)) or holds_nothing(arrow.value_type)
    if _is.is_map(arrow):
        return bool(_is.is_null(arrow.item_type)) or holds_nothing(arrow.item_type)
    return bool(_is.is_struct(arrow)) and any(holds_nothing(field.type) for field in arrow)


def _rebuilt(arrow: Arrow, *, told_apart: bool, within: bool = False) -> Arrow:
    if _is.is_dictionary(arrow) and within:
        # Over lists of dictionaries that are all empty DuckDB fails.
        return arrow.value_type
    if _is.is_struct(arrow):
        names = [field.name for field in arrow]
        types = [_rebuilt(field.type, told_apart=told_apart, within=within) for field in arrow]
        return pa.struct(list(zip(distinct(names) if told_apart else names, types, strict=True)))
    if _is.is_map(arrow):
        return pa.map_(arrow.key_type, _rebuilt(arrow.item_type, told_apart=told_apart, within=True))
    if _is.is_list(arrow):
        return pa.list_(_rebuilt(arrow.value_type, told_apart=told_apart, within=True))
    return arrow.value_type if _is.is_dictionary(arrow) else arrow


def fitted(array: Array, arrow: Arrow, path: str) -> Array:
    """The array as one of the type `arrow`, which is nullable. Raises UnfitError, which names what is at `path`."""
    for place, old, new in _differences(array.type, arrow, path):
        raise UnfitError(f"column {place} is {old} there and {new} in the newest file")
    try:
        return _cast(array, arrow)
    except pa.ArrowException as error:
        reason = " ".join(str(error).split())
        raise UnfitError(f"a value of column {path} does not fit the newest file's {arrow}: {reason}") from error


def _differences(old: Arrow, new: Arrow, path: str, *, is_item: bool = False) -> Iterator[tuple[str, Arrow, Arrow]]:
    """The places where values of the old type are none of the new one, and both types there."""
    if _is.is_struct(old) and _is.is_struct(new):
        types = {field.name: field.type for field in old}
        for field in new:
            if field.name in types:
                yield from _differences(types[field.name], field.type, f"{path}.{field.name}", is_item=is_item)
    elif _is.is_list(old) and _is.is_list(new):
        yield from _differences(old.value_type, new.value_type, f"{path}[]", is_item=True)
    elif _is.is_map(old) and _is.is_map(new):
        yield from _differences(old.item_type, new.item_type, f"{path}{{}}", is_item=True)
    elif not (_is_widened(old, new) or (_is_restored(old, new) and not is_item)):
        yield path, old, new


def _is_widened(old: Arrow, new: Arrow) -> bool:
    """Whether values of the old type are ones of the new, as far as they fit."""
    return (
        old == new
        or _is.is_null(old)
        or (_is.is_integer(old) and (_is.is_integer(new) or _is.is_floating(new)))
        or (_is.is_floating(old) and _is.is_floating(new) and old.bit_width <= new.bit_width)
        or (_is_text(old) and _is_text(new) and not (_is.is_fixed_size_binary(old) and not _is.is_binary(new)))
        or (_is.is_decimal(old) and _is.is_decimal(new))
        or (_is.is_time(old) and _is.is_time(new))
        or (_is.is_timestamp(old) and _is.is_timestamp(new) and (old.tz is None) == (new.tz is None))
    )


def _is_text(arrow: Arrow) -> bool:
    """Whether it is text or bytes: Avro takes each for the other, and enumerations are text at rest."""
    is_enum = _is.is_dictionary(arrow) and _is.is_string(arrow.value_type)
    return is_enum or _is.is_string(arrow) or _is.is_binary(arrow) or _is_fixed(arrow)


def _is_fixed(arrow: Arrow) -> bool:
    return _is.is_fixed_size_binary(arrow) and not _is.is_decimal(arrow)


def _is_restored(old: Arrow, new: Arrow) -> bool:
    """Whether these are bytes of a UUID or of a duration, as earlier releases wrote them."""
    return _is_fixed(old) and (
        (old.byte_width == UUID_BYTES and _is.is_string(new)) or (old.byte_width == DURATION_BYTES and new == DURATION)
    )


def _cast(array: Array, arrow: Arrow) -> Array:
    if array.type == arrow:
        return array
    if _is_restored(array.type, arrow):
        read = _duration if arrow == DURATION else lambda value: str(UUID(bytes=value))
        return pa.array([None if value is None else read(value) for value in array.to_pylist()], arrow)
    if _is.is_struct(arrow) and _is.is_struct(array.type):
        at = {field.name: number for number, field in enumerate(array.type)}
        columns = [
            _cast(array.field(at[field.name]), field.type) if field.name in at else pa.nulls(len(array), field.type)
            for field in arrow
        ]
        return pa.StructArray.from_arrays(columns, fields=list(arrow), mask=array.is_null())
    if holds_nothing(arrow) and (_is.is_list(arrow) or _is.is_map(arrow)):
        offsets, mask = pa.array(array.offsets.to_numpy()), array.is_null() if array.null_count else None
        if _is.is_list(arrow):
            items = _cast(array.values, arrow.value_type)
            return pa.ListArray.from_arrays(offsets, items, type=arrow, mask=mask)
        values: Array = _cast(array.items, arrow.item_type)
        entries: Any = pa.MapArray
        return entries.from_arrays(offsets, array.keys, values, type=arrow, mask=mask)
    # A whole number becomes the nearest one with a fraction, as Avro promotes it.
    options = pc.CastOptions(target_type=arrow, allow_float_truncate=True)
    return pc.call_function("cast", [array], options)


def _duration(value: bytes) -> dict[str, int]:
    """Three unsigned numbers of four bytes, the least significant first (Avro specification, "Duration")."""
    return {field.name: int.from_bytes(value[4 * n : 4 * n + 4], "little") for n, field in enumerate(DURATION)}


def check_text(array: Array) -> None:
    """Raises ArrowInvalid for text that is no UTF-8, at any depth: Parquet's readers do not look."""
    for _, part in _parts(array, ""):
        if _is.is_string(part.type):
            part.validate(full=True)


def check_for_duckdb(array: Array, path: str) -> None:
    """Raises UnfitError for a value that DuckDB has none for, over which it would fail in words of its own."""
    for place, part in _parts(array, path):
        arrow = part.type
        if _is.is_timestamp(arrow) and arrow.tz is not None and arrow.unit in {"s", "ms"} and len(part):
            most = DUCKDB_MICROSECONDS // (10**6 if arrow.unit == "s" else 10**3)
            bounds = pc.min_max(part.view(pa.int64()))
            if bounds["min"].is_valid and (bounds["min"].as_py() < -most or bounds["max"].as_py() > most):
                raise UnfitError(f"column {place} has a time that DuckDB has no value for, beyond the year 290000")
        elif _is.is_map(arrow):
            counts = np.diff(part.offsets.to_numpy())
            pairs = pa.table([np.repeat(np.arange(len(part)), counts), _items(part, part.keys)], names=["map", "key"])
            if pairs.group_by(["map", "key"]).aggregate([]).num_rows < pairs.num_rows:
                raise UnfitError(f"column {place} has a map with a key more than once, which DuckDB has no value for")


def _parts(array: Array, path: str) -> Iterator[tuple[str, Array]]:
    """The array and those within it, each with its path."""
    arrow = array.type
    yield path, array
    if _is.is_dictionary(arrow):
        yield from _parts(array.dictionary, path)
    elif _is.is_struct(arrow):
        for field, column in zip(arrow, array.flatten(), strict=True):
            yield from _parts(column, f"{path}.{field.name}")
    elif _is.is_map(arrow):
        yield from _parts(_items(array, array.keys), f"{path}{{}}")
        yield from _parts(_items(array, array.items), f"{path}{{}}")
    elif _is.is_list(arrow):
        yield from _parts(_items(array, array.values), f"{path}[]")


def _items(array: Array, all_items: Array) -> Array:
    """The items of a slice of lists or maps, given those of the whole."""
    start, end = array.offsets[0].as_py(), array.offsets[-1].as_py()
    return all_items.slice(start, end - start)
