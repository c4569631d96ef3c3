"""Sizes by which a file is written and merged in pieces; a function may be given others by its environment.

How large the pieces are changes what memory and time it takes, and where a reader may begin; never the records or their
order.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of pieces, each at least 1.

    block_bytes: a block of an Avro file ends with the record that fills so many bytes. row_group_rows: rows of a row
    group of a Parquet file. merge_bytes: bodies that a merge holds in memory; what is more goes to files.
    piece_records: records that are read from such a file at a time.
    """

    block_bytes: int = 64 * 1024
    row_group_rows: int = 128 * 1024
    merge_bytes: int = 32 * 1024 * 1024
    piece_records: int = 8 * 1024


SIZES = Sizes()
"""The sizes where nobody says otherwise."""
