"""The Parquet at rest as SQL views, one an event type: DuckDB in this process over S3, without any extension.

Every file is listed once; which hours and buckets a query touches is decided from the keys, and only those
files are read. Beside its own columns a view has `date` (DATE), `hour` and `bucket` (INTEGER) of the
partition, called `partition_date` and so on where an event has fields of these names. An object that cannot be
read is left out and named.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from pyarrow.fs import S3FileSystem

from wavetank.emulator.stack.clients import DUMMY_KEY, LOCAL_HOSTS
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline import topology
from wavetank.pipeline.names import NAMES, Names
from wavetank.scenarios.client.parquet_files import ParquetFile, ParquetTable, Skipped, UnreadableError, table_of
from wavetank.scenarios.client.sql import NO_TABLES, Filled, Means, QueryError, Rows, answered, each_row

FOLDER = "parquet/"
_KEY = re.compile(
    r"parquet/event=(?P<event>[^/]+)/date=(?P<date>\d{4}-\d{2}-\d{2})/hour=(?P<hour>\d{2})"
    r"/bucket=(?P<bucket>\d{2})/[^/]+\.parquet",
    re.ASCII | re.DOTALL,
)
HOURS = 24


class NothingAtRestError(Exception):
    """There is no bucket for Parquet; the message says what to do first."""


@dataclass
class Warehouse:
    """The data at rest of one stack, by event type, and the objects that are left out, by key.

    strict: an object that cannot be read ends what is done with a QueryError instead.
    """

    tables: Mapping[str, ParquetTable] = field(default_factory=dict)
    skipped: dict[str, Skipped] = field(default_factory=dict)
    strict: bool = False

    @classmethod
    def of(cls, stack: Stack, names: Names = NAMES, *, strict: bool = False) -> "Warehouse":
        """The warehouse of `stack` now. Raises NothingAtRestError without a bucket, QueryError where it is strict."""
        bucket = names.data_bucket(stack.account)
        url = urlsplit(stack.endpoint_url)
        local = url.hostname in LOCAL_HOSTS
        filesystem = S3FileSystem(
            endpoint_override=url.netloc,
            scheme="https" if url.scheme == "https" else "http",
            region=stack.region,
            access_key=stack.account if local else None,
            secret_key=DUMMY_KEY if local else None,
        )
        s3, warehouse = stack.client("s3"), cls(strict=strict)
        try:
            pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=FOLDER))
        except s3.exceptions.NoSuchBucket as error:
            message = f"there is no bucket {bucket}: deploy the pipeline with `wavetank up`."
            raise NothingAtRestError(message) from error
        written = {entry["Key"]: entry["LastModified"] for page in pages for entry in page.get("Contents", [])}
        try:
            files = warehouse.sorted_out(written)
            tables = {event: table_of(files[event], bucket, filesystem, warehouse.skip) for event in sorted(files)}
        except UnreadableError as error:
            raise QueryError(str(error)) from error
        warehouse.tables = {event: table for event, table in tables.items() if table is not None}
        return warehouse

    def query(
        self, sql: str, means: Means | None = None, filled: Mapping[str, Filled] = NO_TABLES
    ) -> AbstractContextManager[Rows]:
        """The rows of the last statement of `sql`, while the block lasts. Raises QueryError, also while they come.

        filled: further tables, by name.
        """
        return answered(sql, self.tables, means or Means(), filled)

    def head(self, event_type: str, n: int) -> Rows:
        """The first `n` events of one type, in the order of the keys; KeyError for a type without data."""
        table = self.tables[event_type]

        def rows() -> Iterator[tuple[Any, ...]]:
            try:
                yield from islice(each_row(table.batches()), n)
            except UnreadableError as error:
                raise QueryError(str(error)) from error

        return Rows(tuple(table.schema.names), rows())

    def describe(self) -> str:
        """Its views and their columns, a line each."""
        return "\n".join(f"  {event} ({', '.join(table.schema.names)})" for event, table in self.tables.items())

    def skip(self, skipped: Skipped) -> None:
        """Take note of an object that is left out. Raises UnreadableError where none may be."""
        self.skipped.setdefault(skipped.key, skipped)
        if self.strict:
            raise UnreadableError(f"{skipped.key} cannot be read: {skipped.reason}")

    def sorted_out(self, listing: Mapping[str, Any]) -> dict[str, list[ParquetFile]]:
        """The Parquet files by event type, in the order of the listing: key → when it was written."""
        files: dict[str, list[ParquetFile]] = {}
        for key, written in listing.items():
            try:
                file = file_of(key, written)
            except ValueError as error:
                self.skip(Skipped(key, str(error)))
                continue
            if file is not None:
                files.setdefault(file.event_type, []).append(file)
        return files


def file_of(key: str, written: Any) -> ParquetFile | None:
    """The file with that key; None for a key of another form. `written` orders files by age.

    Raises ValueError for an event type or a partition that there cannot be.
    """
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    if not topology.EVENT_NAME.fullmatch(match["event"]):
        raise ValueError("its key names what cannot be an event type")
    if int(match["hour"]) >= HOURS:
        raise ValueError(f"its key names the hour {match['hour']}, which no day has")
    try:
        day = date.fromisoformat(match["date"])
    except ValueError as error:
        raise ValueError(f"its key names the day {match['date']}, which there is not") from error
    return ParquetFile(key, match["event"], day, hour=int(match["hour"]), bucket=int(match["bucket"]), written=written)
