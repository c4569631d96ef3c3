"""Opens a source file: newline JSON, CSV or Parquet, told by its content and its name."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from wavetank.scenarios.workload.csv_rows import CsvReader
from wavetank.scenarios.workload.ndjson import LineReader
from wavetank.scenarios.workload.rows import Rows, UnusableSourceError

STANDARD_INPUT = "-"
_PARQUET_MARK = b"PAR1"
_PACKED = (".gz", ".zst")


class Format(StrEnum):
    """The format of a source file."""

    NDJSON = "ndjson"
    CSV = "csv"
    PARQUET = "parquet"


_SUFFIXES = {".csv": Format.CSV, ".tsv": Format.CSV, ".parquet": Format.PARQUET}


@dataclass(frozen=True, slots=True)
class OpenSource:
    """The rows of an open source; of `total` bytes or rows `position` tells how many were read, where that is known.

    separator, header: of CSV, the first row as it was read. columns: of Parquet, its schema in Arrow.
    """

    rows: Rows
    format: Format
    total: int | None = None
    position: Callable[[], int] | None = field(default=None, repr=False)
    separator: str | None = None
    header: bytes = b""
    columns: Any = None


@contextmanager
def opened(path: Path, named: Format | None = None, separator: str | None = None) -> Iterator[OpenSource]:
    """The source at `path`, `-` for standard input, open as long as the block runs.

    named: its format, None for the one that its content or its name tells. separator: of CSV, None for the one that
    its first row tells. Raises UnusableSourceError where the file is none of that format, OSError where it cannot be
    read.
    """
    is_file = str(path) != STANDARD_INPUT
    format_ = named or format_of(path)
    if format_ is Format.PARQUET:
        if not is_file:
            remedy = "Name a file: Parquet is read from its end."
            raise UnusableSourceError(f"standard input: cannot be read as Parquet. {remedy}")
        # It takes a moment to import, and most sources are none.
        from wavetank.scenarios.workload.parquet_rows import ParquetReader

        reader = ParquetReader(path)
        yield OpenSource(reader, format_, reader.total, lambda: reader.position, columns=reader.schema)
        return
    with path.open("rb") if is_file else nullcontext(sys.stdin.buffer) as stream:
        size, position = (path.stat().st_size, stream.tell) if is_file else (None, None)
        if format_ is Format.CSV:
            records = CsvReader(stream, str(path) if is_file else "standard input", separator)
            yield OpenSource(records, format_, size, position, records.separator, records.header)
        else:
            yield OpenSource(LineReader(stream), format_, size, position)


def format_of(path: Path) -> Format:
    """The format of a file by its first bytes, else by its name: `.csv` and `.tsv`, also with `.gz` or `.zst`.

    Standard input, and whatever else a file is called, is newline JSON. Raises UnusableSourceError for a file that is
    called Parquet and is none, OSError where it cannot be read.
    """
    if str(path) == STANDARD_INPUT:
        return Format.NDJSON
    # A pipe that has a name would lose what is read of it here.
    if path.is_file():
        with path.open("rb") as stream:
            if stream.read(len(_PARQUET_MARK)) == _PARQUET_MARK:
                return Format.PARQUET
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in _PACKED]
    format_ = _SUFFIXES.get(suffixes[-1], Format.NDJSON) if suffixes else Format.NDJSON
    if format_ is Format.PARQUET:
        raise UnusableSourceError(
            f"{path}: is no Parquet file: it does not begin with PAR1. Say what it is by --format."
        )
    return format_
