"""Snapshots of a small reference, for tests."""

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO

from wavetank.pipeline.reference import snapshot
from wavetank.pipeline.reference.snapshot import Snapshot
from wavetank.pipeline.reference.table import Column, ColumnType, Table, Value


def table(columns: Mapping[str, str], *key: str) -> Table:
    """A table of columns by name and type; the first one is the key where none is named."""
    return Table(
        tuple(Column(name, ColumnType.parse(kind)) for name, kind in columns.items()), key or (next(iter(columns)),)
    )


def written(of: Table, rows: Iterable[Sequence[Value]]) -> bytes:
    """The bytes of a snapshot with these rows."""
    out = BytesIO()
    snapshot.write(of, rows, out)
    return out.getvalue()


def holding(of: Table, rows: Iterable[Sequence[Value]]) -> Snapshot:
    """A snapshot with these rows."""
    return Snapshot(written(of, rows))
