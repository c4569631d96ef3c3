"""Reads Parquet, batch by batch in bounded memory; each row is the JSON object that stands for it, without loss.

Text, numbers, truth values, lists and structs are JSON's; decimals and whole numbers have all their digits; dates,
times and timestamps are ISO 8601, one with a zone in UTC; bytes are base64; durations are whole numbers of their unit;
maps are objects, their keys text. Source: Apache Parquet format, "Logical Types"; Apache Arrow columnar format.
"""

import math
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types as _is

from wavetank.scenarios.workload.json_scalars import loose_text
from wavetank.scenarios.workload.ndjson import Number, json_text
from wavetank.scenarios.workload.rejects import Rejection, RejectReason
from wavetank.scenarios.workload.rows import Row, UnusableSourceError

_BATCH_BYTES = 4 * 1024 * 1024
_MOST_ROWS = 1_024
_BUFFER_BYTES = 256 * 1024
_EPOCH = datetime(1970, 1, 1)
_PLACES = {"s": 0, "ms": 3, "us": 6, "ns": 9}

Array = Any
"""An array of pyarrow: its types for mypy are generic in ways that code over all types cannot use."""


class ParquetReader:
    """The rows of a Parquet file. Raises UnusableSourceError for another file, and for columns that JSON cannot have.

    position: the rows that were read so far.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.position = 0
        self._broken: str | None = None
        try:
            # Whole row groups would be in memory where they are read ahead.
            self._file = pq.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER_BYTES)
            self.schema: pa.Schema = self._file.schema_arrow
        except (pa.ArrowException, OSError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise self._error(f"cannot be read as Parquet: {reason}", "Write it anew.") from error
        names = list(self.schema.names)
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise self._error(f"two columns are called {twice!r}", "Give one of them another name.")
        for column in self.schema:
            self._check(column.type, column.name)

    @property
    def total(self) -> int:
        """The rows in the file."""
        return int(self._file.metadata.num_rows)

    @property
    def broken(self) -> str | None:
        return self._broken

    def __iter__(self) -> Iterator[Row]:
        try:
            for batch in self._file.iter_batches(batch_size=self._batch_rows()):
                yield from self._rows(batch)
        except (pa.ArrowException, OSError) as error:
            self._broken = f"after row {self.position}: {' '.join(str(error).split())}"
        finally:
            self._file.close()

    def _batch_rows(self) -> int:
        """So many rows that a batch is of a bounded size, as far as the file says how large they are."""
        groups = [self._file.metadata.row_group(number) for number in range(self._file.metadata.num_row_groups)]
        largest = max((group.total_byte_size / max(group.num_rows, 1) for group in groups), default=1)
        return min(max(int(_BATCH_BYTES / max(largest, 1)), 1), _MOST_ROWS)

    def _rows(self, batch: pa.RecordBatch) -> Iterator[Row]:
        try:
            columns = [_cells(column) for column in batch.columns]
        except _UNREPRESENTABLE as error:
            if batch.num_rows > 1:
                for number in range(batch.num_rows):
                    yield from self._rows(batch.slice(number, 1))
                return
            self.position += 1
            yield self._rejected(batch, error)
            return
        for cells in zip(*columns, strict=True) if columns else ():
            self.position += 1
            document = dict(zip(self.schema.names, cells, strict=True))
            yield Row(self.position, json_text(document).encode(), None, document)

    def _rejected(self, batch: pa.RecordBatch, error: Exception) -> Row:
        """A row of which a value has no JSON: its other columns are kept, and this one is named."""
        kept, name = {}, ""
        for column in batch.schema.names:
            try:
                kept[column] = _cells(batch.column(column))[0]
            except _UNREPRESENTABLE:
                name = name or column
        rejection = Rejection(RejectReason.NO_JSON_VALUE, f"{name}: {error}")
        return Row(self.position, json_text(kept).encode(), rejection)

    def _check(self, arrow: Any, path: str) -> None:
        inner: list[tuple[Any, str]] = []
        if isinstance(arrow, pa.BaseExtensionType):
            inner = [(arrow.storage_type, path)]
        elif _is.is_struct(arrow):
            names = [field.name for field in arrow]
            if len(set(names)) < len(names):
                raise self._error(f"{path} has two fields of one name", "Give one of them another name.")
            inner = [(field.type, f"{path}.{field.name}") for field in arrow]
        elif _is.is_map(arrow):
            inner = [(arrow.key_type, f"{path}{{}}"), (arrow.item_type, f"{path}{{}}")]
        elif _is_list(arrow):
            inner = [(arrow.value_type, f"{path}[]")]
        elif _is.is_dictionary(arrow):
            inner = [(arrow.value_type, path)]
        elif not any(takes(arrow) for takes, _ in _CELLS):
            raise self._error(f"column {path} is {arrow}, which no event can have", "Cast it, or leave it out.")
        for part, where in inner:
            self._check(part, where)

    def _error(self, rule: str, remedy: str) -> UnusableSourceError:
        return UnusableSourceError(f"{self._path}: {rule}. {remedy}")


_UNREPRESENTABLE = (ValueError, OverflowError)
"""Errors of a value: not finite, outside of the years 1 to 9999, or no UTF-8. Errors of Arrow are ValueErrors, too."""


def _is_list(arrow: Any) -> bool:
    return _is.is_list(arrow) or _is.is_large_list(arrow) or _is.is_fixed_size_list(arrow)


def _cells(array: Array) -> list[Any]:
    """The JSON values of an array. Raises ValueError and OverflowError for a value that has none."""
    arrow = array.type
    if isinstance(arrow, pa.BaseExtensionType):
        if arrow.extension_name == "arrow.uuid":
            return [None if value is None else str(value) for value in array.to_pylist()]
        return _cells(array.storage)
    if _is.is_dictionary(arrow):
        return _cells(array.dictionary_decode())
    if _is.is_struct(arrow):
        names = [field.name for field in arrow]
        parts = [_cells(part) for part in array.flatten()]
        rows = zip(*parts, strict=True) if parts else iter([()] * len(array))
        return [
            dict(zip(names, row, strict=True)) if is_there else None
            for row, is_there in zip(rows, array.is_valid().to_pylist(), strict=True)
        ]
    if _is.is_map(arrow):
        return _maps(array)
    if _is_list(arrow):
        items = iter(_cells(array.flatten()))
        if _is.is_fixed_size_list(arrow):
            lengths = [arrow.list_size if is_there else None for is_there in array.is_valid().to_pylist()]
        else:
            lengths = array.value_lengths().to_pylist()
        return [None if length is None else list(islice(items, length)) for length in lengths]
    return next(cells for takes, cells in _CELLS if takes(arrow))(array)


def _maps(array: Array) -> list[Any]:
    offsets = array.offsets.to_pylist()
    first, last = offsets[0], offsets[-1]
    keys = [loose_text(key) for key in _cells(array.keys.slice(first, last - first))]
    items = _cells(array.items.slice(first, last - first))
    maps: list[Any] = []
    for start, end, is_there in zip(offsets, offsets[1:], array.is_valid().to_pylist(), strict=False):
        entries = dict(zip(keys[start - first : end - first], items[start - first : end - first], strict=True))
        if is_there and len(entries) < end - start:
            raise ValueError("a map has a key twice")
        maps.append(entries if is_there else None)
    return maps


def _each(write: Callable[[Any], Any]) -> Callable[[Array], list[Any]]:
    return lambda array: [None if value is None else write(value) for value in array.to_pylist()]


def _number(value: float) -> Number:
    if not math.isfinite(value):
        raise ValueError(f"{value} is no JSON number")
    return Number(repr(value))


def _in_units(write: Callable[[int, str], str]) -> Callable[[Array], list[Any]]:
    """The cells of times, each written from its number of units and the digits of a second that the unit has."""

    def cells(array: Array) -> list[Any]:
        unit = array.type.unit
        bits = pa.int32() if _is.is_time32(array.type) else pa.int64()
        return [None if value is None else write(value, unit) for value in array.cast(bits).to_pylist()]

    return cells


def _timestamps(array: Array) -> list[Any]:
    zone = "" if array.type.tz is None else "+00:00"
    return _in_units(lambda value, unit: _moment(value, unit).isoformat("T", "seconds") + _digits(value, unit) + zone)(
        array
    )


def _moment(value: int, unit: str) -> datetime:
    return _EPOCH + timedelta(seconds=value // 10 ** _PLACES[unit])


def _digits(value: int, unit: str) -> str:
    """The fraction of a second behind a point, with all digits of the unit."""
    places = _PLACES[unit]
    return f".{value % 10**places:0{places}d}" if places else ""


_CELLS: tuple[tuple[Callable[[Any], bool], Callable[[Array], list[Any]]], ...] = (
    (lambda arrow: _is.is_null(arrow) or _is.is_boolean(arrow), lambda array: array.to_pylist()),
    (_is.is_integer, _each(Number)),
    (_is.is_floating, _each(_number)),
    (_is.is_decimal, _each(lambda value: Number(f"{value:f}"))),
    (lambda arrow: _is.is_string(arrow) or _is.is_large_string(arrow), lambda array: array.to_pylist()),
    (
        lambda arrow: _is.is_binary(arrow) or _is.is_large_binary(arrow) or _is.is_fixed_size_binary(arrow),
        _each(lambda value: b64encode(value).decode()),
    ),
    (_is.is_date, _each(date.isoformat)),
    (_is.is_time, _in_units(lambda value, unit: f"{_moment(value, unit):%H:%M:%S}{_digits(value, unit)}")),
    (_is.is_timestamp, _timestamps),
    (_is.is_duration, _in_units(lambda value, _unit: Number(value))),
)
"""The types that are no lists, maps or structs, each with the writer of its values."""
