"""The rows of references that come from files of the project: JSON, CSV or Parquet, typed by the reference's table.

JSON is `{"rows": {key: {column: value}}}`, where the key is one column, or a list of objects; a column that a row lacks
is NULL. CSV has the names of its columns in the first row, and an empty field is NULL. Columns that the table has not
are left out. Dates and times are ISO 8601, a time without a zone is UTC, bytes are Base64 in JSON and CSV.

A JSON file without a TOML file has one key, the text column `key`; its other columns are what its rows have.
"""

import csv
import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from wavetank.pipeline.components.references import Limits, ReferenceData
from wavetank.pipeline.errors import ConfigurationError, ReferenceRefused
from wavetank.pipeline.reference.index import BEGINNING_US, Entry
from wavetank.pipeline.reference.snapshot import Snapshot
from wavetank.pipeline.reference.table import Column, ColumnType, Kind, Table, Value
from wavetank.pipeline.reference.writer import Writer

KEY = "key"
"""The key column of a JSON file that has no TOML file."""
SEPARATORS = ",;\t|"
MIB = 1 << 20
EPOCH, EPOCH_DAY = datetime(1970, 1, 1, tzinfo=UTC), date(1970, 1, 1)
INTEGER = re.compile(r"[-+]?[0-9]+")
NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?")
BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
PLAIN_KINDS: Sequence[tuple[Kind, set[type]]] = (
    (Kind.STRING, {str}),
    (Kind.BOOLEAN, {bool}),
    (Kind.INT, {int}),
    (Kind.FLOAT, {int, Decimal}),
)
"""Types of column that values of JSON have, and of which Python types these are."""

FoundRows = Iterator[tuple[str, Mapping[str, Any]]]
"""Where a row is, for people, and its columns as the file has them."""


@dataclass(frozen=True, slots=True)
class Written:
    """A snapshot that was written: its digest and the number of its rows."""

    digest: str
    rows: int


def write(reference: ReferenceData, out: BinaryIO) -> Written:
    """Write a snapshot of the rows of a reference's file.

    Raises ConfigurationError naming the file, the row by its line or number, the column and the rule.
    """
    path = reference.file
    if path is None:
        raise ConfigurationError(f"{reference.path}: its rows are in a database, which only its dumper reads")
    limits = Limits() if reference.settings is None else reference.settings.limits
    try:
        table, rows = _read(path, reference.table)
        with Writer(table) as writer:
            writer.add(_limited(path, rows, limits.rows))
            written = Written(writer.finish(out), writer.rows)
    except ReferenceRefused as error:
        raise ConfigurationError(f"{path}: {error}") from error
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    if out.tell() > limits.mib * MIB:
        raise ConfigurationError(f"{path}: its snapshot has more than {limits.mib:,} MiB, its limit (limits.mib)")
    return written


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
    return reference.table or _read(reference.path, None)[0]


def snapshot_of(reference: ReferenceData) -> tuple[str, bytes]:
    """The digest and the bytes of the snapshot that `write` makes. Raises ConfigurationError."""
    out = BytesIO()
    return write(reference, out).digest, out.getvalue()


class FileReferences:
    """References as the files of a project have them, in effect since ever."""

    def __init__(self, references: tuple[ReferenceData, ...]) -> None:
        self._references = {reference.name: reference for reference in references}
        self._read: dict[str, tuple[Entry, Snapshot]] = {}

    def as_of(self, name: str, _arrived_us: int) -> tuple[Entry, Snapshot]:
        """The snapshot of a reference's file. Raises ConfigurationError naming it."""
        if name not in self._read:
            digest, data = snapshot_of(self._references[name])
            self._read[name] = Entry(BEGINNING_US, digest), Snapshot(data, digest)
        return self._read[name]


def _limited(path: Path, rows: Iterable[list[Value]], most: int) -> Iterator[list[Value]]:
    for number, row in enumerate(rows):
        if number == most:
            raise ConfigurationError(f"{path}: has more than {most:,} rows, its limit (limits.rows)")
        yield row


def _read(path: Path, table: Table | None) -> tuple[Table, Iterator[list[Value]]]:
    """The table of a file, and its rows in the order of the table's columns."""
    if path.suffix == ".json":
        found = list(_json_rows(path, table))
        table = table or _plain_table(path, found)
        absent = [column.name for column in table.columns if not any(column.name in row for _, row in found)]
        if found and absent:
            names = sorted(set().union(*(row for _, row in found)))
            raise ConfigurationError(
                f"{path}: no row has the column {', '.join(absent)}; there are: {', '.join(names)}"
            )
        return table, _typed(table, iter(found), from_text=False)
    assert table is not None
    names = [column.name for column in table.columns]
    if path.suffix == ".csv":
        return table, _typed(table, _csv_rows(path, names), from_text=True)
    return table, _typed(table, _parquet_rows(path, names), from_text=False)


def _typed(table: Table, found: FoundRows, *, from_text: bool) -> Iterator[list[Value]]:
    casts = [(column, _cast(column.type, from_text=from_text)) for column in table.columns]
    for where, row in found:
        values: list[Value] = []
        for column, cast in casts:
            value = row.get(column.name)
            try:
                values.append(None if value is None else cast(value))
            except (ValueError, TypeError, ArithmeticError) as error:
                raise ConfigurationError(
                    f"{where}: column {column.name} is {column.type}, got {_shown(value)}: {error}"
                ) from None
        for name in table.key:
            if row.get(name) is None:
                raise ConfigurationError(f"{where}: column {name} of the key has no value")
        yield values


def _json_rows(path: Path, table: Table | None) -> FoundRows:
    key = (KEY,) if table is None else table.key
    key_type = Kind.STRING if table is None else table.type_of(key[0]).kind

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = dict(pairs)
        if len(names) < len(pairs):
            twice = next(name for number, (name, _) in enumerate(pairs) if name in dict(pairs[:number]))
            raise ConfigurationError(f"{path}: an object has {_shown(twice)} twice; a row, and a column, is there once")
        return names

    def refuse(text: str) -> None:
        raise ConfigurationError(f"{path}: {text} is no value of JSON; leave it out, or write null")

    try:
        text = path.read_text("utf-8-sig")
        document = json.loads(text, object_pairs_hook=once, parse_float=Decimal, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{path}, line {error.lineno}: not JSON: {error.msg}") from error
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ConfigurationError(f"{path}: not JSON: {error}") from error
    match document:
        case {"rows": dict() as by_key}:
            if len(key) > 1:
                raise ConfigurationError(
                    f"{path}: a key of {len(key)} columns needs a list of objects, one for each row"
                )
            for name, row in by_key.items():
                where = f"{path}, row {_shown(name)}"
                if isinstance(row, dict) and key[0] in row:
                    raise ConfigurationError(f"{where}: {key[0]} is the key before the row; leave it out of the row")
                yield (
                    where,
                    {
                        key[0]: int(name) if key_type is Kind.INT and INTEGER.fullmatch(name) else name,
                        **_object(where, row),
                    },
                )
        case list() as rows:
            for number, row in enumerate(rows, 1):
                where = f"{path}, row {number}"
                yield where, _object(where, row)
        case _:
            raise ConfigurationError(f'{path}: is neither {{"rows": {{key: {{column: value}}}}}} nor a list of objects')


def _object(where: str, row: object) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise ConfigurationError(f"{where}: a row is an object {{column: value}}, got {_shown(row)}")
    return row


def _csv_rows(path: Path, names: Sequence[str]) -> FoundRows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        line = 0
        try:
            separator = max(SEPARATORS, key=file.readline().count)
            file.seek(0)
            reader = csv.reader(file, delimiter=separator, strict=True)
            header = next(reader, [])
            _check_names(path, names, header)
            for fields in reader:
                line = reader.line_num
                if not fields:
                    continue
                where = f"{path}, line {line}"
                if len(fields) != len(header):
                    raise ConfigurationError(
                        f"{where}: {len(fields)} fields, and the first row names {len(header)} columns"
                    )
                yield where, {name: field or None for name, field in zip(header, fields, strict=True)}
        except csv.Error as error:
            raise ConfigurationError(f"{path}, line {line + 1}: not CSV: {error}") from error
        except UnicodeDecodeError as error:
            raise ConfigurationError(f"{path}: not UTF-8: {error}") from error


def _parquet_rows(path: Path, names: Sequence[str]) -> FoundRows:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            _check_names(path, names, file.schema_arrow.names)
            for batch in file.iter_batches(columns=list(names)):
                for row in batch.to_pylist():
                    number += 1
                    yield f"{path}, row {number}", row
    except (pa.ArrowException, ValueError) as error:
        raise ConfigurationError(f"{path}: not Parquet that can be read: {error}") from error


def _check_names(path: Path, names: Sequence[str], there: Sequence[str]) -> None:
    """Raise ConfigurationError where a column is missing or named twice."""
    if missing := [name for name in names if name not in there]:
        raise ConfigurationError(f"{path}: has no column {', '.join(missing)}; there are: {', '.join(there) or 'none'}")
    if twice := [name for name in names if there.count(name) > 1]:
        raise ConfigurationError(f"{path}: has the column {', '.join(twice)} twice")


def _plain_table(path: Path, found: Sequence[tuple[str, Mapping[str, Any]]]) -> Table:
    """The table of rows of JSON, by what they have; the columns in the order of their names."""
    values: dict[str, list[tuple[str, Any]]] = {}
    for where, row in found:
        for name, value in row.items():
            if name != KEY and value is not None:
                values.setdefault(name, []).append((where, value))
            values.setdefault(name, [])
    columns = [
        Column(name, ColumnType(_kind(path, name, each))) for name, each in sorted(values.items()) if name != KEY
    ]
    return Table((Column(KEY, ColumnType(Kind.STRING)), *columns), (KEY,))


def _kind(path: Path, name: str, values: Sequence[tuple[str, Any]]) -> Kind:
    types: dict[type, str] = {}
    for where, value in values:
        types.setdefault(type(value), where)
        if isinstance(value, dict | list):
            raise ConfigurationError(f"{where}: column {name} has {_shown(value)}; give it a column for each value")
    for kind, fitting in PLAIN_KINDS:
        if types.keys() <= fitting:
            return kind
    examples = "; ".join(f"{where}" for where in list(types.values())[:2])
    raise ConfigurationError(
        f"{path}: column {name} has values of several types ({examples}); make them one, or say which in "
        f"{path.with_suffix('.toml').name}"
    )


def _cast(kind: ColumnType, *, from_text: bool) -> Callable[[Any], Value]:
    """Values as a file has them → those of a type; raises ValueError or TypeError naming the rule.

    from_text: whether numbers and booleans are text too, as CSV has them.
    """
    match kind.kind:
        case Kind.STRING:
            return _text
        case Kind.INT:
            return lambda value: _integer(value, from_text=from_text)
        case Kind.FLOAT:
            return lambda value: float(_number(value, from_text=from_text))
        case Kind.BOOLEAN:
            return lambda value: _boolean(value, from_text=from_text)
        case Kind.BYTES:
            return lambda value: value if isinstance(value, bytes) else b64decode(_text(value), validate=True)
        case Kind.DECIMAL:
            return _decimal
        case Kind.DATE:
            return _date
    return _timestamp


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _integer(value: Any, *, from_text: bool) -> int:
    if from_text and isinstance(value, str) and INTEGER.fullmatch(value):
        return int(value)
    if type(value) is not int:
        raise TypeError("no whole number")
    return value


def _number(value: Any, *, from_text: bool) -> float | Decimal:
    if from_text and isinstance(value, str) and NUMBER.fullmatch(value):
        return float(value)
    if type(value) not in (int, float, Decimal):
        raise TypeError("no number")
    return value  # type: ignore[no-any-return]


def _boolean(value: Any, *, from_text: bool) -> bool:
    if from_text and isinstance(value, str) and value.lower() in BOOLEANS:
        return BOOLEANS[value.lower()]
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def _decimal(value: Any) -> Decimal:
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return Decimal(value)
    if type(value) not in (int, Decimal):
        raise TypeError("no decimal number")
    return Decimal(value)


def _date(value: Any) -> int:
    if isinstance(value, str):
        value = date.fromisoformat(value)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError("no date")
    return (value - EPOCH_DAY).days


def _timestamp(value: Any) -> int:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        raise TypeError("no time")
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    return (moment - EPOCH) // timedelta(microseconds=1)


def _shown(value: object) -> str:
    return f"{value!r:.60}" if not isinstance(value, Decimal) else str(value)[:60]
