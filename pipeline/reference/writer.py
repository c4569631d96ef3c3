"""Writes a snapshot from a stream of rows in any order, in little memory.

Rows are spooled to files by the first bits of their keys' hashes; in the end each file is read, put in order and
appended to the snapshot. So memory is that of a batch, of one file's rows and of the directory (8 bytes a row at most).
"""

import json
import sys
from array import array
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from hashlib import sha256
from itertools import batched, chain, pairwise, repeat
from pathlib import Path
from struct import Struct
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Self, cast
from zlib import crc32

from wavetank.pipeline.errors import ReferenceRefused
from wavetank.pipeline.reference import form
from wavetank.pipeline.reference.form import ColumnHead, Layout
from wavetank.pipeline.reference.table import ColumnType, Table, Value

BATCH = 4_096
"""Rows that are encoded together, column by column."""
SPOOL_BITS = 6
MOST_VALUES = 16_384
"""Different values of a column that has a dictionary, which a reader decodes when it opens the snapshot."""
MOST_VALUE_BYTES = 1 << 20
LONGEST_KEY = 0xF000
"""Bytes of all columns of a key; with their lengths, 16 bits hold the length of the whole."""

Cell = bytes | None
"""A value as bytes; None is NULL."""
Cells = Sequence[Cell]
FieldWriter = Callable[[Cells], tuple[list[bytes], list[bytes] | None]]


class Writer:
    """A snapshot that is being written; a `with` block removes its spooled files in the end.

    Raises ReferenceRefused, naming the column and the key, for a value that is none of its column's type, for NULL in a
    key and for two rows with one key.
    """

    def __init__(self, table: Table, folder: Path | None = None) -> None:
        """`folder`: where the spooled files are, about as large as the snapshot; the system's by default."""
        self._table = table
        names = [column.name for column in table.columns]
        self._encoders = [form.encoder(column.type) for column in table.columns]
        self._key_places = [names.index(name) for name in table.key]
        self._values = form.values_of(table)
        self._places = [names.index(column.name) for column in self._values]
        self._contents = [_Contents() for _ in self._values]
        self._lengths = Struct(f"<{1 + len(self._values)}I")
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="wavetank-snapshot-", dir=folder)))
        self._spools: dict[int, BinaryIO] = {}
        self.rows = 0
        """The number of rows that were added."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, rows: Iterable[Sequence[Value]]) -> None:
        """Add rows, each in the order of the table's columns."""
        for batch in batched(rows, BATCH, strict=False):
            columns = [self._encoded(batch, place) for place in range(len(self._encoders))]
            keys = self._keys(batch, [columns[place] for place in self._key_places])
            values = [columns[place] for place in self._places]
            for contents, column in zip(self._contents, values, strict=True):
                contents.add(column)
            self._spool(keys, values)
            self.rows += len(batch)

    def finish(self, out: BinaryIO) -> str:
        """Write the snapshot of the rows that were added; answers with its digest (SHA-256, hex)."""
        target = _Target(out)
        target.write(form.MAGIC)
        heads = [contents.head(column.type) for column, contents in zip(self._values, self._contents, strict=True)]
        bits = max(self.rows - 1, 0).bit_length()
        directory = self._write_records(target, heads, bits)
        dictionaries = target.size
        for value in chain.from_iterable(contents.dictionary for contents in self._contents):
            target.write(form.length_of(value) + (value or b""))
        start = target.size
        if sys.byteorder != "little":
            directory.byteswap()
        target.write(directory.tobytes())
        document = {
            "version": form.VERSION,
            "table": self._table.to_document(),
            "rows": self.rows,
            "bits": bits,
            "dictionaries": dictionaries,
            "directory": start,
            "columns": [[head.layout, head.values, head.nulls] for head in heads],
        }
        text = json.dumps(document, separators=(",", ":")).encode()
        target.write(text + form.LENGTH.pack(len(text)))
        target.write(form.LENGTH.pack(target.crc))
        return target.digest.hexdigest()

    def _encoded(self, batch: Sequence[Sequence[Value]], place: int) -> list[Cell]:
        """A column of a batch."""
        encode = self._encoders[place]
        try:
            return [None if row[place] is None else encode(row[place]) for row in batch]
        except form.MISFITS:
            column = self._table.columns[place]
            row = next(row for row in batch if row[place] is not None and not _fits(encode, row[place]))
            raise ReferenceRefused(
                f"column {column.name} is {column.type}, which {row[place]!r:.80} is not, in the row with the key "
                f"{named(self._table.key_of(row))}"
            ) from None

    def _keys(self, batch: Sequence[Sequence[Value]], columns: Sequence[Cells]) -> list[bytes]:
        """The keys of a batch."""
        for name, column in zip(self._table.key, columns, strict=True):
            if None in column:
                row = batch[column.index(None)]
                raise ReferenceRefused(f"column {name} of the key is NULL in the row {named(row)}")
        parts = cast("Sequence[Sequence[bytes]]", columns)
        sizes = [sum(map(len, key)) for key in zip(*parts, strict=True)]
        if (size := max(sizes)) > LONGEST_KEY:
            key = self._table.key_of(batch[sizes.index(size)])
            raise ReferenceRefused(f"the key {named(key)} has {size:,} bytes; a key has at most {LONGEST_KEY:,}")
        return list(parts[0]) if len(parts) == 1 else form.joined(parts)

    def _spool(self, keys: Sequence[bytes], values: Sequence[Cells]) -> None:
        pack, shift = self._lengths.pack, form.HASH_BITS - SPOOL_BITS
        records: dict[int, list[bytes]] = {}
        for key, *cells in zip(keys, *values, strict=True):
            lengths = pack(len(key), *[form.NULL_LENGTH if cell is None else len(cell) for cell in cells])
            record = b"".join((lengths, key, *filter(None, cells)))
            records.setdefault(crc32(key) >> shift, []).append(record)
        for number, batch in records.items():
            if number not in self._spools:
                self._spools[number] = self._stack.enter_context((self._folder / f"{number:02}").open("w+b"))
            self._spools[number].writelines(batch)

    def _write_records(self, target: "_Target", heads: Sequence[ColumnHead], bits: int) -> "array[int]":
        """Write the records in order; answers with the directory."""
        directory, shift, position = array("I"), form.HASH_BITS - bits, target.size
        writers = [
            _field_writer(column.type, head, contents.dictionary)
            for column, head, contents in zip(self._values, heads, self._contents, strict=True)
        ]
        begin = Struct(form.RECORD)
        for number in sorted(self._spools):
            keys, columns = self._in_order(number)
            parts = [write(column) for write, column in zip(writers, columns, strict=True)]
            fields = [part for part, _ in parts]
            bodies = [body for _, body in parts if body is not None]
            records = []
            for key, payload in zip(keys, map(b"".join, zip(*fields, keys, *bodies, strict=True)), strict=True):
                directory.extend(repeat(position, (crc32(key) >> shift) + 1 - len(directory)))
                size = begin.size + len(payload)
                records.append(begin.pack(size, len(key)) + payload)
                position += size
                if position > form.MOST_BYTES:
                    raise ReferenceRefused(
                        f"the rows have more than the {form.MOST_BYTES:,} bytes that a snapshot holds"
                    )
            target.write(b"".join(records))
        directory.extend(repeat(position, (1 << bits) + 1 - len(directory)))
        return directory

    def _in_order(self, number: int) -> tuple[Sequence[bytes], Sequence[Cells]]:
        """The keys of a spooled file's rows in the order of their hashes, and the rows' other columns."""
        with self._spools[number] as spool:
            spool.seek(0)
            data = spool.read()
        (self._folder / f"{number:02}").unlink()
        rows, at = [], 0
        while at < len(data):
            lengths = self._lengths.unpack_from(data, at)
            at += self._lengths.size
            row: list[Any] = []
            for length in lengths:
                if length == form.NULL_LENGTH:
                    row.append(None)
                else:
                    row.append(data[at : at + length])
                    at += length
            rows.append(row)
        rows.sort(key=lambda row: (crc32(row[0]), row[0]))
        keys, *columns = zip(*rows, strict=True)
        for one, other in pairwise(keys):
            if one == other:
                raise ReferenceRefused(f"two rows have the key {named(form.key_decoder(self._table)(one))}")
        return keys, columns


class _Contents:
    """What a column has in it: whether a NULL, and its different values as long as those are few."""

    def __init__(self) -> None:
        self._has_null = False
        self._values: set[Cell] | None = set()

    def add(self, column: Cells) -> None:
        self._has_null |= None in column
        if self._values is not None:
            self._values.update(column)
            if len(self._values) > MOST_VALUES or sum(map(len, filter(None, self._values))) > MOST_VALUE_BYTES:
                self._values = None

    def head(self, kind: ColumnType) -> ColumnHead:
        """How the values of the column are in the fields of records."""
        if self._values is not None:
            return ColumnHead(Layout.DICTIONARY, len(self._values))
        if form.fixed_format(kind):
            return ColumnHead(Layout.FIXED, nulls=self._has_null)
        return ColumnHead(Layout.VARIABLE)

    @property
    def dictionary(self) -> list[Cell]:
        """The different values in order, NULL first; none of a column that has no dictionary."""
        return sorted(self._values or (), key=lambda value: (value is not None, value or b""))


def _field_writer(kind: ColumnType, head: ColumnHead, dictionary: Cells) -> FieldWriter:
    """A column → its fields, and the bytes that follow the fields, if any."""
    width = Struct("<" + head.format(kind))
    if head.layout is Layout.DICTIONARY:
        numbers = {value: width.pack(number) for number, value in enumerate(dictionary)}
        return lambda column: ([numbers[value] for value in column], None)
    if head.layout is Layout.VARIABLE:
        return lambda column: (list(map(form.length_of, column)), [value or b"" for value in column])
    if not head.nulls:
        return lambda column: (cast("list[bytes]", column), None)
    null = bytes(width.size)
    return lambda column: ([null if value is None else b"\1" + value for value in column], None)


class _Target:
    """The file that a snapshot is written to: its size, and the checksums of what was written."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.size, self.crc, self.digest = 0, 0, sha256()

    def write(self, data: bytes) -> None:
        self._out.write(data)
        self.size += len(data)
        self.crc = crc32(data, self.crc)
        self.digest.update(data)


def named(values: Sequence[Value]) -> str:
    """Some values for people to read."""
    return f"{', '.join(map(str, values)):.200}"


def _fits(encode: form.Encode, value: Value) -> bool:
    try:
        encode(value)
    except form.MISFITS:
        return False
    return True
