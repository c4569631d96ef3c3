"""The rows of a reference that come from a JSON file of the project."""

import json
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from wavetank.pipeline.components.references import ReferenceData
from wavetank.pipeline.errors import ConfigurationError, ReferenceRefused
from wavetank.pipeline.reference import snapshot
from wavetank.pipeline.reference.index import BEGINNING_US, Entry
from wavetank.pipeline.reference.snapshot import Snapshot
from wavetank.pipeline.reference.table import Column, ColumnType, Kind, Table, Value

KEY = "key"
"""The key column of a JSON file that is no other's: the names of its rows."""


def problems(references: Iterable[ReferenceData]) -> Iterator[str]:
    """Reasons that keep files of references from being published: a sentence for each file."""
    for reference in references:
        if reference.file is not None:
            try:
                with TemporaryFile() as out:
                    write(reference, out)
            except ConfigurationError as error:
                yield str(error)


def table_of(reference: ReferenceData) -> Table:
    """The columns and the key of a reference. Raises ConfigurationError naming the file."""
    if reference.table is not None:
        return reference.table
    try:
        return _table(json.loads(reference.path.read_text("utf-8"))["rows"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f'{reference.path}: is not {{"rows": {{key: row}}}}: {error}') from error


def snapshot_of(reference: ReferenceData) -> tuple[str, bytes]:
    """The digest and the bytes of a snapshot of a reference's file. Raises ConfigurationError naming the file."""
    out = BytesIO()
    try:
        if reference.file is None:
            raise ConfigurationError(f"{reference.path}: its rows are in a database")
        document = json.loads(reference.file.read_text("utf-8"))["rows"]
        table = reference.table or _table(document)
        digest = snapshot.write(table, _rows(document, table), out)
    except (ValueError, KeyError, TypeError, AttributeError, ReferenceRefused) as error:
        raise ConfigurationError(f'{reference.path}: is not {{"rows": {{key: row}}}}: {error}') from error
    return digest, out.getvalue()


class FileReferences:
    """References as the files of a project have them, in effect since ever."""

    def __init__(self, references: tuple[ReferenceData, ...]) -> None:
        self._references = {reference.name: reference for reference in references}
        self._read: dict[str, tuple[Entry, Snapshot]] = {}

    def as_of(self, name: str, _arrived_us: int) -> tuple[Entry, Snapshot]:
        """The snapshot of a reference's file. Raises ConfigurationError naming it."""
        if name not in self._read:
            digest, data = snapshot_of(self._references[name])
            self._read[name] = Entry(BEGINNING_US, digest), Snapshot(data)
        return self._read[name]


def _table(rows: Mapping[str, Mapping[str, Any]]) -> Table:
    values: dict[str, list[Any]] = {}
    for row in rows.values():
        for name, value in row.items():
            values.setdefault(name, []).append(value)
    columns = [Column(name, ColumnType(_kind(each, name))) for name, each in sorted(values.items())]
    return Table((Column(KEY, ColumnType(Kind.STRING)), *columns), (KEY,))


def _kind(values: list[Any], name: str) -> Kind:
    types = {type(value) for value in values if value is not None}
    for kind, fitting in (
        (Kind.STRING, {str}),
        (Kind.BOOLEAN, {bool}),
        (Kind.INT, {int}),
        (Kind.FLOAT, {int, float}),
    ):
        if types <= fitting:
            return kind
    raise ConfigurationError(f"the column {name} has values of several types: {', '.join(t.__name__ for t in types)}")


def _rows(rows: Mapping[str, Mapping[str, Any]], table: Table) -> Iterator[list[Value]]:
    for key, row in rows.items():
        yield [key if column.name == KEY else row.get(column.name) for column in table.columns]
