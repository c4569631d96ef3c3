"""Log lines as a table for SQL: the columns that every line has, and the line itself as JSON."""

import json
from collections.abc import Iterable, Iterator
from itertools import batched

import pyarrow as pa

from wavetank.scenarios.client.sql import Filled
from wavetank.scenarios.observability.log_lines import LogLine

ROWS = 2_048
_TEXTS = ("function", "event_type", "level", "message", "request_id", "line")
_FIELDS: list[tuple[str, pa.DataType]] = [
    ("time", pa.timestamp("ms", "UTC")),
    *((name, pa.string()) for name in _TEXTS),
]
_COLUMNS = pa.schema(_FIELDS)


def log_table(lines: Iterable[LogLine]) -> Filled:
    """The table of some lines, filled as they come; a line of text is a JSON string."""
    return Filled(_COLUMNS, _batches(lines), as_json=("line",))


def _batches(lines: Iterable[LogLine]) -> Iterator[pa.RecordBatch]:
    for some in batched(lines, ROWS, strict=False):
        rows = [
            (
                line.time_ms,
                line.function,
                line.event_type or None,
                line.level.name if line.level is not None else None,
                line.message,
                line.request_id or None,
                line.text if line.fields else json.dumps(line.text),
            )
            for line in some
        ]
        yield pa.record_batch([list(column) for column in zip(*rows, strict=True)], schema=_COLUMNS)
