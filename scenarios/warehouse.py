"""The Parquet at rest as SQL views, one an event type: DuckDB in this process over S3, without any extension.

Every file is listed once; which hours and buckets a query touches is decided from the keys, and only those
files are read. Beside its own columns a view has `date` (DATE), `hour` and `bucket` (INTEGER) of the
partition.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from emulator.clients import DUMMY_KEY, LOCAL_HOSTS
from emulator.stack import Stack
from pipeline import topology

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    import pyarrow.dataset as ds
    from pyarrow.fs import FileSystem

FOLDER = "parquet/"
_KEY = re.compile(
    r"parquet/event=(?P<event>[^/]+)/date=(?P<date>\d{4}-\d{2}-\d{2})/hour=(?P<hour>\d{2})"
    r"/bucket=(?P<bucket>\d{2})/[^/]+\.parquet"
)
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
}
"""Nothing is downloaded, and no variable of this program is taken for a table."""


class QueryError(Exception):
    """The SQL cannot be run; the message is a line that says why."""


class NothingAtRestError(Exception):
    """There is no Parquet yet, or no bucket for it; the message says what to do first."""


@dataclass(frozen=True)
class Result:
    """The rows of a query, in columns; `rows` are tuples in the order of `columns`."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True)
class Warehouse:
    """The data at rest of one stack, by event type. Raises NothingAtRestError when there is none."""

    datasets: Mapping[str, "ds.Dataset"]

    @classmethod
    def of(cls, stack: Stack) -> "Warehouse":
        """What is at rest on `stack` now."""
        from pyarrow.fs import S3FileSystem

        bucket = topology.data_bucket(stack.account)
        found = _files(stack.client("s3"), bucket)
        if not found:
            raise NothingAtRestError("no Parquet at rest yet: run `wavetank feed`, `wavetank settle`, `wavetank tick`.")
        url = urlsplit(stack.endpoint_url)
        local = url.hostname in LOCAL_HOSTS
        filesystem = S3FileSystem(
            endpoint_override=url.netloc,
            scheme="https" if url.scheme == "https" else "http",
            region=stack.region,
            access_key=DUMMY_KEY if local else None,
            secret_key=DUMMY_KEY if local else None,
        )
        return cls({event: dataset_of(files, bucket, filesystem) for event, files in sorted(found.items())})

    def query(self, sql: str) -> Result:
        """The rows of the last statement of `sql`. Raises QueryError."""
        import duckdb

        with duckdb.connect(config=_SETTINGS) as connection:
            connection.execute("set timezone = 'UTC'")
            for event, dataset in self.datasets.items():
                connection.register(event, dataset)
            try:
                relation = connection.sql(sql)
                return Result((), []) if relation is None else _result(relation)
            except duckdb.Error as error:
                said, _, _ = str(error).partition("\n\nLINE ")
                raise QueryError(" ".join(said.split())) from error

    def head(self, event: str, n: int) -> Result:
        """The first `n` events of one type, in the order of the keys; KeyError for a type without data."""
        return _from_arrow(self.datasets[event].head(n))

    def describe(self) -> str:
        """Its views and their columns, a line each."""
        return "\n".join(f"  {event} ({', '.join(dataset.schema.names)})" for event, dataset in self.datasets.items())


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """One file at rest: its key, event type and partition, and when it was written."""

    key: str
    event: str
    date: date
    hour: int
    bucket: int
    written: Any


def file_of(key: str, written: Any) -> ParquetFile | None:
    """The file with that key; None for a key of another form. `written` orders files by age."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    day = date.fromisoformat(match["date"])
    return ParquetFile(key, match["event"], day, int(match["hour"]), int(match["bucket"]), written)


def dataset_of(files: Sequence[ParquetFile], folder: str, filesystem: "FileSystem") -> "ds.Dataset":
    """The files below `folder` as one dataset with the columns of the newest; what a file lacks is null."""
    import pyarrow as pa
    import pyarrow.dataset as ds
    import pyarrow.parquet as pq

    newest = max(files, key=lambda file: file.written)
    schema = pq.read_schema(f"{folder}/{newest.key}", filesystem=filesystem)
    for name, kind in (("date", pa.date32()), ("hour", pa.int32()), ("bucket", pa.int32())):
        schema = schema.append(pa.field(name, kind))
    return ds.FileSystemDataset.from_paths(
        [f"{folder}/{file.key}" for file in files],
        schema=schema,
        format=ds.ParquetFileFormat(),
        filesystem=filesystem,
        partitions=[_partition(file) for file in files],
    )


def _files(s3: Any, bucket: str) -> dict[str, list[ParquetFile]]:
    """The Parquet files by event type, in the order of their keys."""
    found: dict[str, list[ParquetFile]] = {}
    try:
        pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=FOLDER))
    except s3.exceptions.NoSuchBucket as error:
        message = f"there is no bucket {bucket}: deploy the pipeline with `wavetank up`."
        raise NothingAtRestError(message) from error
    for entry in (entry for page in pages for entry in page.get("Contents", [])):
        file = file_of(entry["Key"], entry["LastModified"])
        if file is not None:
            found.setdefault(file.event, []).append(file)
    return found


def _partition(file: ParquetFile) -> "ds.Expression":
    import pyarrow as pa
    import pyarrow.dataset as ds

    return (
        (ds.field("date") == pa.scalar(file.date, pa.date32()))
        & (ds.field("hour") == pa.scalar(file.hour, pa.int32()))
        & (ds.field("bucket") == pa.scalar(file.bucket, pa.int32()))
    )


def _result(relation: "duckdb.DuckDBPyRelation") -> Result:
    return _from_arrow(relation.to_arrow_table())


def _from_arrow(table: "pa.Table") -> Result:
    columns = [column.to_pylist(maps_as_pydicts="strict") for column in table.columns]
    return Result(tuple(table.column_names), list(zip(*columns, strict=True)))
