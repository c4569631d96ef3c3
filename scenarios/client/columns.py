"""Columns of pyarrow in the words of the oracle: times as whole microseconds (those in nanoseconds as such), dates as
days, decimals as their digits, and records, lists and maps as Python's.

What Avro has under the same words is said by `scenarios.oracle.avro`.
"""

from typing import Any

import pyarrow as pa

from wavetank.scenarios.oracle.history import Value

MICROS = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 1}
"""One unit of a time in the oracle's words."""


def records(table: pa.Table) -> list[dict[str, Value]]:
    """The rows of a table."""
    columns = [values(column.combine_chunks()) for column in table.columns]
    return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]


def values(column: Any) -> list[Value]:
    """The values of a column. Raises ValueError for a map with a key twice."""
    if isinstance(column, pa.ChunkedArray):
        return [value for chunk in column.chunks for value in values(chunk)]
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        numbers = column.view(pa.int32() if kind.bit_width == 32 else pa.int64()).to_pylist()
        return [None if number is None else number * MICROS[kind.unit] for number in numbers]
    if pa.types.is_date32(kind):
        return list(column.view(pa.int32()).to_pylist())
    if pa.types.is_decimal(kind):
        return [None if number is None else f"{number:f}" for number in column.to_pylist()]
    if pa.types.is_struct(kind):
        fields = [values(column.field(number)) for number in range(kind.num_fields)]
        rows = zip(*fields, strict=True) if fields else iter([()] * len(column))
        there = column.is_valid().to_pylist()
        names = [kind.field(number).name for number in range(kind.num_fields)]
        return [dict(zip(names, row, strict=True)) if valid else None for row, valid in zip(rows, there, strict=True)]
    if pa.types.is_map(kind):
        keys, items = values(column.keys), values(column.items)
        return [None if at is None else _mapping(keys[at], items[at]) for at in _places(column)]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        items = values(column.values)
        return [None if at is None else items[at] for at in _places(column)]
    return list(column.to_pylist())


def _places(column: Any) -> list[slice | None]:
    """Where the items of each list or map are among those of all; None for one that is null."""
    offsets, there = column.offsets.to_pylist(), column.is_valid().to_pylist()
    return [slice(offsets[n], offsets[n + 1]) if valid else None for n, valid in enumerate(there)]


def _mapping(keys: list[Value], items: list[Value]) -> dict[str, Value]:
    entries = {str(key): item for key, item in zip(keys, items, strict=True)}
    if len(entries) < len(keys):
        raise ValueError("a map has a key twice")
    return entries
