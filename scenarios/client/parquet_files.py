"""The Parquet files of one event type as one table, for DuckDB: what cannot be read is left out and named.

DuckDB asks a dataset of pyarrow for the columns and rows that a query needs (`scanner`), so only the files are opened
whose partition may hold some. They are read a few at a time, in the order of their keys.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import reduce
from itertools import chain
from operator import and_
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow.fs import FileSystem

from wavetank.scenarios.client.fitting import (
    UnfitError,
    check_for_duckdb,
    check_text,
    fitted,
    holds_nothing,
    nullable,
    told_apart,
)
from wavetank.scenarios.client.values import distinct
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME

AT_ONCE = 4
"""Files that are read ahead."""
WHOLE_BYTES = 64 * 1024 * 1024
"""A file of up to so many bytes of values is read before any row of it is taken: it is in the result or left out."""
PARTITION = {"date": pa.date32(), "hour": pa.int32(), "bucket": pa.int32()}
"""Columns that a file has by its key; where it has a column of such a name, that one keeps it: "partition_date"."""
UNREADABLE = (pa.ArrowException, OSError, ValueError)


class UnreadableError(Exception):
    """A file cannot be read, and is not to be left out; the message names it."""


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """A file at rest: its key, event type and partition, and when it was written."""

    key: str
    event_type: str
    date: date
    hour: int
    bucket: int
    written: Any


@dataclass(frozen=True, slots=True)
class Skipped:
    """An object that is left out, and why."""

    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.key} is left out: {self.reason}"


Skip = Callable[[Skipped], None]
"""Takes note of an object that is left out; raises where that must not be."""


@dataclass(frozen=True, slots=True)
class Source:
    """The file system and the folder on it below which keys are paths."""

    folder: str
    filesystem: FileSystem


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a view: its name and type there, and those in the files; `of` is a field of ParquetFile, or None."""

    name: str
    arrow: Any
    name_in_files: str
    arrow_in_files: Any
    of: str | None = None

    def is_as_in(self, written: pa.Schema) -> bool:
        """Whether a file with these columns is read without more ado: it has this one as it is, or lacks it."""
        if self.name not in written.names:
            return self.of is not None or self.name_in_files not in written.names
        return (
            self.of is None
            and self.name == self.name_in_files
            and self.arrow == self.arrow_in_files == nullable(written.field(self.name).type)
            and not holds_nothing(self.arrow)
        )


def columns_of(newest: pa.Schema) -> list[Column]:
    """The columns of a view, given those of its newest file; DuckDB takes no case: after `Name`, `name` is `name_1`."""
    own = {name.lower() for name in newest.names}
    partition = [f"partition_{name}" if name in own else name for name in PARTITION]
    names = distinct([*newest.names, *partition])
    columns = []
    for field in newest:
        arrow = nullable(field.type)
        columns.append(Column(next(names), told_apart(arrow), field.name, arrow))
    return columns + [Column(next(names), arrow, name, arrow, of=name) for name, arrow in PARTITION.items()]


class ParquetTable(ds.Dataset):
    """Files as one dataset with the columns of the newest, and of the partition; what a file lacks is null."""

    def __init__(self, files: Sequence[ParquetFile], columns: Sequence[Column], source: Source, skip: Skip) -> None:
        self._columns = {column.name: column for column in columns}
        self._files = {f"{source.folder}/{file.key}": file for file in files}
        self._skip = skip
        partition = [column for column in columns if column.of is not None]
        self._dataset = ds.FileSystemDataset.from_paths(
            list(self._files),
            schema=pa.schema([(column.name, column.arrow) for column in columns]),
            format=ds.ParquetFileFormat(),
            filesystem=source.filesystem,
            partitions=[
                reduce(and_, (ds.field(column.name) == _of_partition(column, file) for column in partition))
                for file in files
            ],
        )
        self.failure: UnreadableError | None = None
        """The reason why the last scan broke off: DuckDB tells it in words of its own."""

    @property
    def schema(self) -> pa.Schema:
        """The columns."""
        return self._dataset.schema

    def scanner(self, columns: Any = None, filter: Any = None, **_: Any) -> Any:  # type: ignore[override]
        """A scan, by DuckDB, of these columns of the rows that hold the condition."""
        return _Scan(self, self.schema.names if columns is None else columns, filter)

    def batches(
        self, names: Sequence[str] | None = None, condition: Any = None, *, for_duckdb: bool = False
    ) -> Iterator[pa.RecordBatch]:
        """The rows, file by file. Raises UnreadableError."""
        request = _Request(
            names=self.schema.names if names is None else names,
            condition=condition,
            tested=[] if condition is None else _columns_in(condition, self.schema, self.schema.names),
            for_duckdb=for_duckdb,
        )
        fragments = iter(self._dataset.get_fragments(condition))
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="parquet") as pool:
            ahead: deque[tuple[str, Future[Iterator[pa.RecordBatch]]]] = deque()
            try:
                for fragment in chain(fragments, [None] * AT_ONCE):
                    if fragment is not None:
                        ahead.append((fragment.path, pool.submit(self._opened, fragment, request)))
                    if ahead and (fragment is None or len(ahead) > AT_ONCE):
                        yield from self._taken(*ahead.popleft())
            except UnreadableError as failure:
                self.failure = failure
                raise
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _opened(self, fragment: Any, request: "_Request") -> Iterator[pa.RecordBatch]:
        """The rows of one file, which are there already unless they are many."""
        _check(fragment.physical_schema)
        batches = self._checked(fragment, request)
        size = sum(group.total_byte_size for group in fragment.row_groups)
        return iter(list(batches)) if size <= WHOLE_BYTES else batches

    def _checked(self, fragment: Any, request: "_Request") -> Iterator[pa.RecordBatch]:
        written = fragment.physical_schema
        if all(self._columns[name].is_as_in(written) for name in (*request.names, *request.tested)):
            scanner = fragment.scanner(
                schema=self.schema, columns=list(request.names), filter=request.condition, use_threads=False
            )
            batches = scanner.to_batches()
        else:
            batches = self._fitted(fragment, request)
        for batch in batches:
            for name, array in zip(batch.schema.names, batch.columns, strict=True):
                check_text(array)
                if request.for_duckdb:
                    check_for_duckdb(array, name)
            yield batch

    def _fitted(self, fragment: Any, request: "_Request") -> Iterator[pa.RecordBatch]:
        """The rows of a file whose columns are not those of the view."""
        written = fragment.physical_schema
        chosen = [self._columns[name] for name in dict.fromkeys((*request.names, *request.tested))]
        there = [c.name_in_files for c in chosen if c.of is None and c.name_in_files in written.names]
        # Without its partition: a column of that name is the file's.
        file = self._dataset.format.make_fragment(fragment.path, self._dataset.filesystem)
        for batch in file.scanner(columns=there, use_threads=False).to_batches():
            arrays = [self._array(column, batch, self._files[fragment.path]) for column in chosen]
            rows = pa.Table.from_arrays(arrays, schema=pa.schema([(column.name, column.arrow) for column in chosen]))
            rows = rows if request.condition is None else rows.filter(request.condition)
            yield from rows.select(list(request.names)).to_batches()

    def _array(self, column: Column, batch: pa.RecordBatch, file: ParquetFile) -> Any:
        if column.of is not None:
            return pa.repeat(_of_partition(column, file), batch.num_rows)
        if column.name_in_files not in batch.schema.names:
            return pa.nulls(batch.num_rows, column.arrow)
        array = fitted(batch.column(column.name_in_files), column.arrow_in_files, column.name)
        # A view of a list of nulls is too short.
        return array if column.arrow == column.arrow_in_files else array.view(column.arrow)

    def _taken(self, path: str, opened: "Future[Iterator[pa.RecordBatch]]") -> Iterator[pa.RecordBatch]:
        begun = False
        try:
            for batch in opened.result():
                begun = True
                yield batch
        except UnfitError as error:
            date = next(column.name for column in self._columns.values() if column.of == "date")
            way_out = f"ask without the column or these hours (where {date} …), or fetch the file and ask it alone"
            raise UnreadableError(f"{self._files[path].key}: {error}; {way_out}, with --unsafe") from error
        except UNREADABLE as error:
            self._leave_out(path, error, begun=begun)

    def _leave_out(self, path: str, error: Exception, *, begun: bool) -> None:
        """Raises UnreadableError where rows of the file were taken already, or where it is S3 that does not answer."""
        skipped = Skipped(self._files[path].key, _line(error))
        if begun:
            raise UnreadableError(f"{skipped.key} is damaged within: {skipped.reason}") from error
        if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
            try:
                self._dataset.filesystem.open_input_stream(path).read(1)
            except FileNotFoundError:
                pass
            except OSError as refused:
                raise UnreadableError(f"{skipped.key} cannot be had: {_line(refused)}") from error
        self._skip(skipped)


@dataclass(frozen=True, slots=True)
class _Request:
    """The columns that a scan is for, the condition of the rows, and the columns that this tests."""

    names: Sequence[str]
    condition: Any
    tested: Sequence[str]
    for_duckdb: bool


class _Scan:
    """A scan of some columns, as DuckDB takes it."""

    def __init__(self, table: ParquetTable, names: Sequence[str], condition: Any) -> None:
        self._table, self._names, self._condition = table, names, condition

    @property
    def projected_schema(self) -> pa.Schema:
        """The columns that are read."""
        return pa.schema([self._table.schema.field(name) for name in self._names])

    def to_reader(self) -> pa.RecordBatchReader:
        """The rows."""
        batches = self._table.batches(self._names, self._condition, for_duckdb=True)
        return pa.RecordBatchReader.from_batches(self.projected_schema, batches)


def table_of(files: Sequence[ParquetFile], folder: str, filesystem: FileSystem, skip: Skip) -> ParquetTable | None:
    """The files below `folder` as one table; None where none of them can be read."""
    for file in sorted(files, key=lambda file: file.written, reverse=True):
        try:
            schema = pq.read_schema(f"{folder}/{file.key}", filesystem=filesystem)
            _check(schema)
        except UNREADABLE as error:
            skip(Skipped(file.key, _line(error)))
        else:
            return ParquetTable(files, columns_of(schema), Source(folder, filesystem), skip)
    return None


def _columns_in(condition: Any, schema: pa.Schema, names: Sequence[str]) -> list[str]:
    """Those of `names` that an expression is about: without them it is no condition. Arrow does not tell."""
    try:
        others = pa.schema([field for field in schema if field.name not in names])
        ds.Scanner.from_batches(iter([]), schema=others, columns=[], filter=condition)
    except pa.ArrowInvalid:
        if len(names) == 1:
            return list(names)
        half = len(names) // 2
        return [name for some in (names[:half], names[half:]) for name in _columns_in(condition, schema, some)]
    return []


def _of_partition(column: Column, file: ParquetFile) -> Any:
    return pa.scalar(getattr(file, column.of or ""), column.arrow)


def _check(schema: pa.Schema) -> None:
    """Raises ValueError for columns that no event has."""
    if EVENT_ID not in schema.names or not pa.types.is_string(schema.field(EVENT_ID).type):
        raise ValueError(f"it has no column {EVENT_ID} of text")
    if EVENT_TIME not in schema.names or not pa.types.is_timestamp(schema.field(EVENT_TIME).type):
        raise ValueError(f"it has no column {EVENT_TIME} of times")


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
