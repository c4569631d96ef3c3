"""What was merged, as one Avro and one Parquet file, written side by side."""

from collections.abc import Iterable
from typing import BinaryIO

from wavetank.pipeline.core.bulk.batch import Batch
from wavetank.pipeline.core.files import avro_file, parquet
from wavetank.pipeline.core.schema import Schema


def write(merged: Iterable[Batch], schema: Schema, avro: BinaryIO, columns: BinaryIO) -> int:
    """Write every record to both files, in the order in which they come; returns how many there were."""
    writers = avro_file.Writer(avro, schema), parquet.Writer(columns, schema)
    count = 0
    for batch in merged:
        for writer in writers:
            writer.add(batch.bodies)
        count += len(batch)
    for writer in writers:
        writer.close()
    return count
