"""Writes events as a Parquet file, alone or beside an Avro file: the same events give the same bytes.

However they came in batches does not show. Version, codec, row groups and encodings are fixed. Rows are in the order of
event time, which the file says.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from wavetank.pipeline.avro.events import TIME_FIELD
from wavetank.pipeline.core.bulk.batch import Batch
from wavetank.pipeline.core.bulk.values import Bodies
from wavetank.pipeline.core.files import avro_file
from wavetank.pipeline.core.files.columns import arrow_schema, table
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.core.sizes import SIZES, Sizes

ZSTD_LEVEL = 1


class Writer:
    """Writes a Parquet file to `out`, in row groups as `sizes` say; raises SchemaError where it has no columns."""

    def __init__(self, out: BinaryIO, schema: Schema, sizes: Sizes = SIZES) -> None:
        self._row_group_rows = sizes.row_group_rows
        self._schema = schema
        self._tables: list[pa.Table] = []
        self._rows = 0
        columns = arrow_schema(schema)
        by_time = pq.SortingColumn(columns.get_field_index(TIME_FIELD))
        self._writer = pq.ParquetWriter(
            out, columns, version="2.6", compression="zstd", compression_level=ZSTD_LEVEL, sorting_columns=[by_time]
        )

    def add(self, bodies: Bodies) -> None:
        """Add rows; raises Malformed where a body is no record of the schema."""
        self._tables.append(table(bodies, self._schema))
        self._rows += len(bodies)
        if self._rows < self._row_group_rows:
            return
        rows = pa.concat_tables(self._tables)
        start = 0
        while self._rows - start >= self._row_group_rows:
            self._write(rows.slice(start, self._row_group_rows))
            start += self._row_group_rows
        self._tables, self._rows = [rows.slice(start)], self._rows - start

    def close(self) -> None:
        """Write what is left, and the footer; `out` stays open."""
        if self._rows:
            self._write(pa.concat_tables(self._tables))
        self._tables, self._rows = [], 0
        self._writer.close()

    def give_up(self) -> None:
        """Let go of `out` while it is open; what is in it then is no file of ours."""
        with suppress(pa.ArrowException, OSError, ValueError):
            self._writer.close()

    def _write(self, rows: pa.Table) -> None:
        self._writer.write_table(rows.combine_chunks(), self._row_group_rows)


def write_both(
    merged: Iterable[Batch], schema: Schema, avro: BinaryIO, columns: BinaryIO, *, sizes: Sizes = SIZES
) -> int:
    """Write every record to an Avro and a Parquet file, in the order in which they come; returns how many."""
    rows_out, table_out = avro_file.Writer(avro, schema, sizes), Writer(columns, schema, sizes)
    count = 0
    try:
        for batch in merged:
            rows_out.add(batch.bodies)
            table_out.add(batch.bodies)
            count += len(batch)
        rows_out.close()
        table_out.close()
    except BaseException:
        table_out.give_up()
        raise
    return count
