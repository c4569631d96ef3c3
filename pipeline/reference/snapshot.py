"""A snapshot of a reference as bytes: written from rows in any order, looked up by key without being read through.

The bytes are a function of the set of rows, so that two dumps of equal data have one digest, and of two rows with one
key neither is taken: the dump is refused.

They are a hash table that is looked up as it is (`pipeline.reference.form`). A reader checks them and decodes the
dictionaries of columns, and that is all, so that a million rows are at hand in a tenth of a second and have no objects
of their own. A look-up compares some bytes and unpacks one record, whose values become Python's as they are asked for.

It was chosen by measurement among a database of SQLite, an array for each column, a dictionary made anew from text, and
others (`docs/reference-format.md`).
"""

import json
import mmap
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, ClassVar
from zlib import crc32

from wavetank.pipeline.reference import form
from wavetank.pipeline.reference.form import ColumnHead, Layout
from wavetank.pipeline.reference.table import ColumnType, Key, Kind, Row, Table, Value

Bytes = bytes | mmap.mmap
Read = Callable[["FoundRow"], Value]


class DamagedSnapshot(ValueError):
    """Bytes that are no snapshot, or not the one that they are named."""


def write(table: Table, rows: Iterable[Sequence[Value]], out: BinaryIO, folder: Path | None = None) -> str:
    """Write a snapshot of rows, each in the order of the table's columns; answers with its digest (SHA-256, hex).

    folder: for files of its own while it writes, about as large as the snapshot. Raises ReferenceRefused, naming the
    column and the key, for a value that is none of its column's type, for NULL in a key and for two rows with one key.
    """
    from wavetank.pipeline.reference.writer import Writer  # who reads does without

    with Writer(table, folder) as writer:
        writer.add(rows)
        return writer.finish(out)


class Snapshot:
    """The rows of a reference by key."""

    def __init__(self, data: Bytes | memoryview, digest: str | None = None) -> None:
        """The snapshot in these bytes, which are kept. Raises DamagedSnapshot.

        digest: of the bytes, as they are named. Without it the checksum at their end is checked, which finds damage but
        not another snapshot.
        """
        self._data = data = _whole(data) if isinstance(data, memoryview) else data
        try:
            _check(data, digest)
            head = _head(data)
            self.table = Table.from_document(head["table"])
            self._len, self._shift = int(head["rows"]), form.HASH_BITS - int(head["bits"])
            start, count = int(head["directory"]), (1 << int(head["bits"])) + 1
            self._directory = memoryview(data)[start : start + 4 * count].cast("I")
            self._end = self._directory[-1]
            heads = [ColumnHead(Layout(layout), values, nulls) for layout, values, nulls in head["columns"]]
            self._columns, formats = _columns(self.table, heads, data, int(head["dictionaries"]))
        except (ValueError, KeyError, TypeError, IndexError, struct.error) as error:
            if isinstance(error, DamagedSnapshot):
                raise
            raise DamagedSnapshot(f"no snapshot of a reference: {error!r}") from error
        self._encode, self._decode = form.key_encoder(self.table), form.key_decoder(self.table)
        fields = struct.Struct(form.RECORD + formats)
        self._fields, self._fields_size = fields.unpack_from, fields.size
        self._row = _row_class(self._columns, data)
        self._begins: Callable[[bytes, int], bool] = (
            data.startswith if isinstance(data, bytes) else lambda key, at: data[at : at + len(key)] == key
        )

    @classmethod
    def open(cls, path: Path, digest: str | None = None) -> "Snapshot":
        """The snapshot in a file, which is mapped into memory. Raises DamagedSnapshot."""
        if not path.stat().st_size:
            raise DamagedSnapshot("no snapshot of a reference: an empty file")
        with path.open("rb") as file:
            return cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), digest)

    def __len__(self) -> int:
        return self._len

    def find(self, key: Key) -> Row | None:
        """The row of a key; None where there is none. The row cannot be changed."""
        try:
            wanted = self._encode(key)
        except form.MISFITS:
            return None
        data, size, bucket = self._data, len(wanted), crc32(wanted) >> self._shift
        at, end = self._directory[bucket], self._directory[bucket + 1]
        while at < end:
            fields = self._fields(data, at)
            start = at + self._fields_size
            if fields[1] == size and self._begins(wanted, start):
                return self._row(key, fields, start + size)
            at += fields[0]
        return None

    def rows(self) -> Iterator[Row]:
        """Every row, in an order that follows from the set of rows."""
        data, at = self._data, len(form.MAGIC)
        while at < self._end:
            fields = self._fields(data, at)
            start = at + self._fields_size
            after = start + fields[1]
            yield self._row(self._decode(data[start:after]), fields, after)
            at += fields[0]


class FoundRow(Mapping[str, Value]):
    """A row of a snapshot: the values of its columns by name, read when they are asked for."""

    __slots__ = ("at", "fields", "key")
    columns: ClassVar[Mapping[str, Read]]
    data: ClassVar[Bytes]

    def __init__(self, key: Key, fields: tuple[Any, ...], at: int) -> None:
        """`at`: where the bytes are that follow the key of the record."""
        self.key, self.fields, self.at = key, fields, at

    def __getitem__(self, name: str) -> Value:
        return self.columns[name](self)

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __repr__(self) -> str:
        return repr(dict(self))


def _row_class(columns: Mapping[str, Read], data: Bytes) -> type[FoundRow]:
    """The class of a snapshot's rows, which have in common what is the snapshot's."""
    return type("FoundRow", (FoundRow,), {"__slots__": (), "columns": columns, "data": data})


def _whole(view: memoryview) -> Bytes:
    """The object that a view shows, where it shows all of it, or else its bytes."""
    whole = view.obj
    return whole if isinstance(whole, bytes | mmap.mmap) and len(whole) == view.nbytes else bytes(view)


def _check(data: Bytes, digest: str | None) -> None:
    """Raise DamagedSnapshot for bytes that have been changed since they were written."""
    if data[: len(form.MAGIC)] != form.MAGIC:
        raise DamagedSnapshot("no snapshot of a reference: it begins otherwise")
    if digest is None:
        with memoryview(data) as view:
            intact = crc32(view[:-4]) == form.LENGTH.unpack(view[-4:])[0]
    else:
        intact = sha256(data).hexdigest() == digest
    if not intact:
        raise DamagedSnapshot("a damaged snapshot: its bytes are not those that were written")


def _head(data: Bytes) -> dict[str, Any]:
    start = len(data) - 8
    head: dict[str, Any] = json.loads(data[start - form.LENGTH.unpack(data[start : start + 4])[0] : start])
    if head["version"] != form.VERSION:
        raise DamagedSnapshot(f"a snapshot of version {head['version']!r}; this release reads {form.VERSION}")
    return head


def _columns(table: Table, heads: Sequence[ColumnHead], data: Bytes, at: int) -> tuple[Mapping[str, Read], str]:
    """The reader of each column by name, and the format of a record's fields."""
    readers: dict[str, Read] = {name: _of_key(place) for place, name in enumerate(table.key)}
    formats, field = "", len(form.RECORD) - 1
    lengths: list[int] = []
    for column, head in zip(form.values_of(table), heads, strict=True):
        part = head.format(column.type)
        place = field + len(part) - 1
        decode = form.decoder(column.type)
        match head.layout:
            case Layout.DICTIONARY:
                dictionary, at = _dictionary(data, at, head.values, decode)
                readers[column.name] = _of_dictionary(dictionary, place)
            case Layout.FIXED:
                readers[column.name] = _of_fixed(column.type, place, nulls=head.nulls)
            case Layout.VARIABLE:
                readers[column.name] = _of_variable(decode, place, tuple(lengths))
                lengths.append(place)
        formats, field = formats + part, field + len(part)
    return {column.name: readers[column.name] for column in table.columns}, formats


def _dictionary(data: Bytes, at: int, count: int, decode: Callable[[bytes], Value]) -> tuple[Sequence[Value], int]:
    """The values of a dictionary that begins at a place, and where it ends."""
    values: list[Value] = []
    for _ in range(count):
        length = form.LENGTH.unpack_from(data, at)[0]
        at += form.LENGTH.size
        if length == form.NULL_LENGTH:
            values.append(None)
        else:
            values.append(decode(data[at : at + length]))
            at += length
    return values, at


def _of_key(place: int) -> Read:
    return lambda row: row.key[place]


def _of_dictionary(values: Sequence[Value], place: int) -> Read:
    return lambda row: values[row.fields[place]]


def _of_fixed(kind: ColumnType, place: int, *, nulls: bool) -> Read:
    if kind.kind is Kind.DECIMAL:
        scaled = form.from_unscaled(kind)
        if nulls:
            return lambda row: scaled(row.fields[place]) if row.fields[place - 1] else None
        return lambda row: scaled(row.fields[place])
    if nulls:
        return lambda row: row.fields[place] if row.fields[place - 1] else None
    return lambda row: row.fields[place]


def _of_variable(decode: Callable[[bytes], Value], place: int, before: Sequence[int]) -> Read:
    def read(row: FoundRow) -> Value:
        length = row.fields[place]
        if length == form.NULL_LENGTH:
            return None
        lengths = [row.fields[other] for other in before]
        start = row.at + sum(each for each in lengths if each != form.NULL_LENGTH)
        return decode(row.data[start : start + length])

    return read
