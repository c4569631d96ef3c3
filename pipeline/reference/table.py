"""The shape of a reference: its columns with their types, and which of them are the key."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from wavetank.pipeline.errors import ConfigurationError

Value = None | bool | int | float | str | bytes | Decimal
"""A value of a column. A date is days since the epoch, a timestamp microseconds since the epoch, UTC."""
KeyValue = str | int
Key = tuple[KeyValue, ...]
"""The values of the key's columns, in the order of the key."""
Row = Mapping[str, Value]
"""Every column of a row by name, those of the key too. None is NULL."""

MOST_DIGITS = 38
"""Digits of a decimal, as Avro and Parquet have them in 16 bytes."""
_TYPE = re.compile(r"(?P<kind>[a-z]+)(?:\s*\(\s*(?P<precision>\d+)\s*(?:,\s*(?P<scale>\d+)\s*)?\))?")


class Kind(StrEnum):
    """The kinds of column types."""

    STRING = "string"
    INT = "int"
    FLOAT = "float"
    BOOLEAN = "boolean"
    BYTES = "bytes"
    DECIMAL = "decimal"
    DATE = "date"
    TIMESTAMP = "timestamp"


KEY_KINDS = (Kind.STRING, Kind.INT, Kind.DATE)
"""Kinds that a column of a key can have: equal values have one form."""


@dataclass(frozen=True, slots=True)
class ColumnType:
    """The type of a column; precision and scale are those of a decimal, 0 for any other."""

    kind: Kind
    precision: int = 0
    scale: int = 0

    @classmethod
    def parse(cls, text: str) -> "ColumnType":
        """Read `string`, `int`, `decimal(12, 2)` and so on. Raises ConfigurationError naming the rule."""
        match = _TYPE.fullmatch(text.strip())
        if match is None or match["kind"] not in Kind:
            raise ConfigurationError(f"{text!r} is no type of a column; there are: {', '.join(Kind)}")
        kind, precision, scale = Kind(match["kind"]), int(match["precision"] or 0), int(match["scale"] or 0)
        if (kind is Kind.DECIMAL) != (match["precision"] is not None):
            raise ConfigurationError(f"{text!r}: a decimal, and no other type, has digits: decimal(12, 2)")
        if kind is Kind.DECIMAL and not (1 <= precision <= MOST_DIGITS and scale <= precision):
            raise ConfigurationError(f"{text!r}: a decimal has 1 to {MOST_DIGITS} digits, of which its scale are some")
        return cls(kind, precision, scale)

    def __str__(self) -> str:
        return f"{self.kind}({self.precision}, {self.scale})" if self.kind is Kind.DECIMAL else str(self.kind)


@dataclass(frozen=True, slots=True)
class Column:
    """A column by name and type."""

    name: str
    type: ColumnType


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a reference and the names of those that are its key. Raises ConfigurationError for none."""

    columns: tuple[Column, ...]
    key: tuple[str, ...]

    def __post_init__(self) -> None:
        types = {column.name: column.type for column in self.columns}
        if len(types) != len(self.columns):
            raise ConfigurationError("two columns have one name")
        if not self.key or len(set(self.key)) != len(self.key):
            raise ConfigurationError("a key is one column or several different ones")
        for name in self.key:
            if name not in types:
                raise ConfigurationError(f"the key's column {name} is none of the columns: {', '.join(types)}")
            if types[name].kind not in KEY_KINDS:
                kinds = ", ".join(KEY_KINDS)
                raise ConfigurationError(f"the key's column {name} is of type {types[name]}; a key has {kinds}")

    def type_of(self, column: str) -> ColumnType:
        """The type of a column; raises KeyError for a name that is none."""
        return next(each.type for each in self.columns if each.name == column)

    def key_of(self, row: Sequence[Value]) -> Key:
        """The key of a row that is given in the order of the columns."""
        values = dict(zip((column.name for column in self.columns), row, strict=True))
        return tuple(values[name] for name in self.key)  # type: ignore[misc]

    def typed_key(self, values: tuple[object, ...]) -> Key | None:
        """The key that values are, as texts where its columns are; None where one of them is None.

        Raises TypeError, naming the rule, for values of other kinds, or another number of them.
        """
        if len(values) != len(self.key):
            raise TypeError(f"the key is {len(self.key)} columns ({', '.join(self.key)}), got {len(values)} values")
        if None in values:
            return None
        typed: list[KeyValue] = []
        for name, value in zip(self.key, values, strict=True):
            if self.type_of(name).kind is Kind.STRING:
                typed.append(str(value))
            elif isinstance(value, int) and not isinstance(value, bool):
                typed.append(value)
            else:
                raise TypeError(f"the key's column {name} is of type {self.type_of(name)}, got {type(value).__name__}")
        return tuple(typed)

    def to_document(self) -> dict[str, Any]:
        """The table as JSON has it; `from_document` gives it back."""
        return {"columns": [[column.name, str(column.type)] for column in self.columns], "key": list(self.key)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Table":
        """The table that `to_document` wrote."""
        columns = tuple(Column(name, ColumnType.parse(text)) for name, text in document["columns"])
        return cls(columns, tuple(document["key"]))
