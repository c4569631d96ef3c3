"""Reads CSV, record by record in constant memory and linear time; nothing read is dropped, and nothing is guessed.

RFC 4180, with any of four separators, LF or CRLF, and the names of the columns in the first row. All values are text,
as they stand there: the schema says which of them are numbers. An empty field has no value, in quotes or without.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from wavetank.scenarios.workload.ndjson import KEPT_OF_LONG_LINE_BYTES, MAX_LINE_BYTES, LineReader
from wavetank.scenarios.workload.rejects import Rejection, RejectReason
from wavetank.scenarios.workload.rows import Json, Row, UnusableSourceError

SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
RULE = "a field with a quote, a separator or a line end is in quotes, and a quote in it is doubled (RFC 4180)"
_VALUE = re.compile(r"[-+]?[0-9]+(?:[.,][0-9]+)?(?:[eE][-+]?[0-9]+)?|[0-9]{4}-[0-9]{2}-[0-9]{2}.*|")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_IN_QUOTES = re.compile(rb'"[^"]*(?:"|$)')


class _UnreadableError(Exception):
    """A row that is none."""

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(rejection.message)
        self.rejection = rejection


class _Lines:
    """The lines of a source as text for `csv.reader`, and those of the row that is being read as they were."""

    def __init__(self, rows: Iterator[Row], longest: int) -> None:
        self._rows = rows
        self._longest = longest
        self._peeked: deque[Row] = deque()
        self.is_over = False
        self.begin()

    def begin(self) -> None:
        """Begin a row."""
        self.number, self.pieces, self.size = 0, list[bytes](), 0
        self.undecodable: UnicodeDecodeError | None = None

    def peek(self) -> bytes:
        """The lines up to the first that is not blank and on which no quote is left open; they will be read."""
        data, quotes, size = bytearray(), 0, 0
        for row in self._rows:
            self._peeked.append(row)
            size += len(row.data) + 1
            if data or not row.is_blank:
                data += row.data + b"\n"
                quotes += row.data.count(b'"')
            if row.problem is not None or size > self._longest or (data and quotes % 2 == 0):
                break
        return bytes(data)

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        row = self._peeked.popleft() if self._peeked else next(self._rows, None)
        if row is None:
            self.is_over = True
            raise StopIteration
        self.number = self.number or row.number
        self.pieces.append(row.data)
        self.size += len(row.data) + 1
        if row.problem is not None:
            raise _UnreadableError(row.problem)
        if self.size > self._longest:
            rule = f"a row longer than {self._longest:,} bytes: is a quote missing?"
            raise _UnreadableError(
                Rejection(RejectReason.LINE_TOO_LONG, f"{rule} its first {KEPT_OF_LONG_LINE_BYTES:,} bytes are kept")
            )
        try:
            return row.data.decode() + "\n"
        except UnicodeDecodeError as error:
            self.undecodable = error
            return row.data.decode(errors="replace") + "\n"


class CsvReader:
    """The rows of a stream of CSV, plain, gzip or zstd, each an object of the names of the first row.

    separator: None for the one of `SEPARATORS` that the first row has most of. Raises UnusableSourceError, which names
    `source`, where the first row is no row of names. After a row that is longer than any event, nothing is read: where
    a quote is missing, it would be taken to pieces in the wrong places. `broken` says so.
    """

    def __init__(
        self, stream: BinaryIO, source: str, separator: str | None = None, max_row_bytes: int = MAX_LINE_BYTES
    ) -> None:
        self._source = source
        self._reader = LineReader(stream, max_row_bytes)
        self._lines = _Lines(iter(self._reader), max_row_bytes)
        self._broken: str | None = None
        # For the whole process, and no longer in effect than the bound on rows.
        csv.field_size_limit(max(max_row_bytes, csv.field_size_limit()))
        head = self._lines.peek()
        if head.startswith(_UTF16_MARKS):
            raise self._error("is in UTF-16", "Save it as UTF-8.")
        self.separator = separator or self._separator(head)
        self._rows = csv.reader(self._lines, delimiter=self.separator, strict=True)
        self.names = self._header()
        self.header = b"\n".join(self._lines.pieces)

    @property
    def broken(self) -> str | None:
        return self._broken or self._reader.broken

    def __iter__(self) -> Iterator[Row]:
        while (fields := self._next()) is not None:
            lines = self._lines
            data = b"\n".join(lines.pieces)
            if isinstance(fields, Rejection):
                kept = data[:KEPT_OF_LONG_LINE_BYTES] if fields.reason is RejectReason.LINE_TOO_LONG else data
                yield Row(lines.number, kept, fields)
                if len(lines.pieces) > 1 and fields.reason is RejectReason.LINE_TOO_LONG:
                    self._broken = f"the row on line {lines.number} does not end; what follows it was not read"
                    return
            elif not fields:
                yield Row(lines.number, data)
            elif lines.undecodable is not None:
                at = lines.undecodable.start
                message = f"byte {at} of line {lines.number + len(lines.pieces) - 1} is not UTF-8"
                yield Row(lines.number, data, Rejection(RejectReason.NOT_UTF8, message))
            else:
                yield self._row(lines.number, data, fields)

    def _row(self, number: int, data: bytes, fields: list[str]) -> Row:
        if len(fields) != len(self.names):
            message = f"{len(fields)} fields, and the first row names {len(self.names)} columns: {RULE}"
            return Row(number, data, Rejection(RejectReason.NOT_CSV, message))
        document: Json = {name: field or None for name, field in zip(self.names, fields, strict=True)}
        return Row(number, data, None, document)

    def _next(self) -> list[str] | Rejection | None:
        """The fields of the next row, none for a blank line; None after the last."""
        self._lines.begin()
        try:
            return next(self._rows, None)
        except _UnreadableError as error:
            return error.rejection
        except csv.Error as error:
            if self._lines.is_over:
                message = "the file ends in a field whose quote is not closed"
                if self._reader.broken:
                    message = f"the input broke off here: {self._reader.broken}"
                return Rejection(RejectReason.CUT_OFF, message)
            return Rejection(RejectReason.NOT_CSV, f"{error}: {RULE}")

    def _error(self, rule: str, remedy: str) -> UnusableSourceError:
        return UnusableSourceError(f"{self._source}: {rule}. {remedy}")

    def _separator(self, head: bytes) -> str:
        outside = _IN_QUOTES.sub(b"", head)
        counts = {separator: outside.count(separator.encode()) for separator in SEPARATORS}
        most = max(counts.values())
        separators = [separator for separator, number in counts.items() if number == most]
        if most and len(separators) > 1:
            named = " or ".join(SEPARATORS[separator] for separator in separators)
            raise self._error(f"its first row may be separated by {named}", "Say which with --separator.")
        return separators[0]

    def _header(self) -> tuple[str, ...]:
        """The names of the columns; a column without one, such as an index that was written along, gets a number."""
        fields: list[str] | Rejection | None = []
        while fields == []:
            fields = self._next()
        if fields is None:
            raise self._error("has no first row with the names of the columns", "Write one.")
        if isinstance(fields, Rejection) or self._lines.undecodable is not None:
            message = fields.message if isinstance(fields, Rejection) else "it is not UTF-8"
            raise self._error(f"the first row, of the names of the columns: {message}", "Mend it.")
        if all(map(_VALUE.fullmatch, fields)):
            rule = f"the first row has values ({', '.join(fields)[:60]}) where the names of the columns are"
            raise self._error(rule, "Write a row of names above it.")
        names = tuple(name or f"column_{number}" for number, name in enumerate(fields, 1))
        for number, name in enumerate(names):
            if name in names[:number]:
                rule = f"columns {names.index(name) + 1} and {number + 1} are both called {name!r}"
                raise self._error(rule, "Give one of them another name in the first row.")
        return names
