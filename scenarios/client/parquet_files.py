"""The Parquet files of one event type as one table, for DuckDB: what cannot be read is left out and named.

DuckDB asks a dataset of pyarrow for the columns and rows that a query needs (`scanner`), so only the files are opened
whose partition may hold some. They are read a few at a time, in the order of their keys.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow.fs import FileSystem

from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME

AT_ONCE = 4
"""Files that are read ahead."""
WHOLE_BYTES = 64 * 1024 * 1024
"""A file of up to so many bytes of values is read before any row of it is taken: it is in the result or left out."""
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


class ParquetTable(ds.Dataset):
    """Files as one dataset with the columns of the newest, and of the partition; what a file lacks is null."""

    def __init__(self, dataset: "ds.FileSystemDataset", names: dict[str, str], skip: Skip) -> None:
        self._dataset, self._names, self._skip = dataset, names, skip
        self.failure: UnreadableError | None = None
        """The reason why the last scan broke off: DuckDB tells it in words of its own."""

    @property
    def schema(self) -> pa.Schema:
        """The columns."""
        return self._dataset.schema

    def scanner(self, columns: Any = None, filter: Any = None, **_: Any) -> Any:  # type: ignore[override]
        """A scan of these columns of the rows that hold the condition."""
        return _Scan(self, columns, filter)

    def batches(self, columns: Any = None, condition: Any = None) -> Iterator[pa.RecordBatch]:
        """The rows, file by file."""
        fragments = iter(self._dataset.get_fragments(condition))
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="parquet") as pool:
            ahead: deque[tuple[str, Future[Iterator[pa.RecordBatch]]]] = deque()
            try:
                for fragment in chain(fragments, [None] * AT_ONCE):
                    if fragment is not None:
                        ahead.append((fragment.path, pool.submit(self._opened, fragment, columns, condition)))
                    if ahead and (fragment is None or len(ahead) > AT_ONCE):
                        yield from self._taken(*ahead.popleft())
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _opened(self, fragment: Any, columns: Any, condition: Any) -> Iterator[pa.RecordBatch]:
        """The rows of one file, which are there already unless they are many."""
        _check(fragment.physical_schema)
        scanner = fragment.scanner(schema=self.schema, columns=columns, filter=condition, use_threads=False)
        size = sum(group.total_byte_size for group in fragment.row_groups)
        return iter(scanner.to_table().to_batches()) if size <= WHOLE_BYTES else iter(scanner.to_batches())

    def _taken(self, path: str, opened: "Future[Iterator[pa.RecordBatch]]") -> Iterator[pa.RecordBatch]:
        begun = False
        try:
            for batch in opened.result():
                begun = True
                yield batch
        except UNREADABLE as error:
            try:
                self._leave_out(path, error, begun=begun)
            except UnreadableError as failure:
                self.failure = failure
                raise

    def _leave_out(self, path: str, error: Exception, *, begun: bool) -> None:
        """Raises UnreadableError where rows of the file were taken already, or where it is S3 that does not answer."""
        skipped = Skipped(self._names[path], _line(error))
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


class _Scan:
    """A scan of some columns, as DuckDB takes it."""

    def __init__(self, table: ParquetTable, columns: Any, condition: Any) -> None:
        self._table, self._columns, self._condition = table, columns, condition

    @property
    def projected_schema(self) -> pa.Schema:
        """The columns that are read."""
        schema = self._table.schema
        return schema if self._columns is None else pa.schema([schema.field(name) for name in self._columns])

    def to_reader(self) -> pa.RecordBatchReader:
        """The rows."""
        batches = self._table.batches(self._columns, self._condition)
        return pa.RecordBatchReader.from_batches(self.projected_schema, batches)


def table_of(files: Sequence[ParquetFile], folder: str, filesystem: FileSystem, skip: Skip) -> ParquetTable | None:
    """The files below `folder` as one table; None where none of them can be read."""
    for file in sorted(files, key=lambda file: file.written, reverse=True):
        try:
            schema = pq.read_schema(f"{folder}/{file.key}", filesystem=filesystem)
            _check(schema)
            break
        except UNREADABLE as error:
            skip(Skipped(file.key, _line(error)))
    else:
        return None
    for name, kind in (("date", pa.date32()), ("hour", pa.int32()), ("bucket", pa.int32())):
        schema = schema.append(pa.field(name, kind))
    dataset = ds.FileSystemDataset.from_paths(
        [f"{folder}/{file.key}" for file in files],
        schema=schema,
        format=ds.ParquetFileFormat(),
        filesystem=filesystem,
        partitions=[
            (ds.field("date") == pa.scalar(file.date, pa.date32()))
            & (ds.field("hour") == pa.scalar(file.hour, pa.int32()))
            & (ds.field("bucket") == pa.scalar(file.bucket, pa.int32()))
            for file in files
        ],
    )
    return ParquetTable(dataset, {f"{folder}/{file.key}": file.key for file in files}, skip)


def _check(schema: pa.Schema) -> None:
    """Raises ValueError for columns that no event has."""
    if EVENT_ID not in schema.names or not pa.types.is_string(schema.field(EVENT_ID).type):
        raise ValueError(f"it has no column {EVENT_ID} of text")
    if EVENT_TIME not in schema.names or not pa.types.is_timestamp(schema.field(EVENT_TIME).type):
        raise ValueError(f"it has no column {EVENT_TIME} of times")


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
