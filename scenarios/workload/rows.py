"""Rows of a source file: of newline JSON a line, of CSV a record, of Parquet a row. All readers give them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from wavetank.scenarios.workload.rejects import Rejection

Json = dict[str, Any]
"""A JSON object: values are None, bool, str, `ndjson.Number`, list and dict."""


class UnusableSourceError(ValueError):
    """A source file gives no rows, or no events; the message names the file, the rule and the way out."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row and its number, which rises: the line it begins on, from 1, or in Parquet its place, from 1.

    data: the row as it was read, without its line end; of Parquet its JSON. problem: why it could not be read as a
    whole. document: the object that it stands for, where its reader has parsed it.
    """

    number: int
    data: bytes
    problem: Rejection | None = None
    document: Json | None = field(default=None, repr=False)

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing on it."""
        return self.problem is None and self.document is None and not self.data.strip()


class Rows(Protocol):
    """The rows of a source, once, in constant memory. `broken` says why they ended early, if they did."""

    @property
    def broken(self) -> str | None:
        """The reason why the rest was not read."""

    def __iter__(self) -> Iterator[Row]:
        """The rows in their order; none is left out silently."""
