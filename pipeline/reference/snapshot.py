"""A snapshot of a reference as bytes: written from rows in any order, looked up by key.

The bytes are a function of the set of rows, so that two dumps of equal data have one digest, and of two rows with one
key neither is taken: the dump is refused.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from types import MappingProxyType
from typing import Any, BinaryIO

from wavetank.pipeline.errors import ReferenceRefused
from wavetank.pipeline.reference.table import Key, Kind, Row, Table, Value

_WRITTEN: Mapping[Kind, Callable[[Any], Any]] = {Kind.DECIMAL: str, Kind.BYTES: lambda data: b64encode(data).decode()}
_READ: Mapping[Kind, Callable[[Any], Any]] = {Kind.DECIMAL: Decimal, Kind.BYTES: b64decode}


class DamagedSnapshot(ValueError):
    """Bytes that are no snapshot."""


def write(table: Table, rows: Iterable[Sequence[Value]], out: BinaryIO) -> str:
    """Write a snapshot of rows, each in the order of the table's columns; answers with its digest (SHA-256, hex).

    Raises ReferenceRefused for two rows with one key and for a key with NULL.
    """
    by_key: dict[Key, Sequence[Value]] = {}
    for row in rows:
        key = table.key_of(row)
        if any(value is None for value in key):
            raise ReferenceRefused(f"a row has NULL in its key ({', '.join(table.key)})")
        if by_key.setdefault(key, row) is not row:
            raise ReferenceRefused(f"two rows have the key {', '.join(map(str, key))}")
    digest = sha256()
    kinds = [column.type.kind for column in table.columns]
    lines = [json.dumps(table.to_document()).encode()]
    for key in sorted(by_key):
        values = zip(kinds, by_key[key], strict=True)
        lines.append(json.dumps([_stated(_WRITTEN, kind, value) for kind, value in values]).encode())
    for line in lines:
        digest.update(line + b"\n")
        out.write(line + b"\n")
    return digest.hexdigest()


class Snapshot:
    """The rows of a reference by key."""

    def __init__(self, data: bytes | memoryview) -> None:
        """The snapshot in these bytes, which are kept. Raises DamagedSnapshot."""
        try:
            head, *lines = bytes(data).splitlines()
            self.table = Table.from_document(json.loads(head))
            kinds = [column.type.kind for column in self.table.columns]
            rows = [
                [_stated(_READ, kind, value) for kind, value in zip(kinds, json.loads(line), strict=True)]
                for line in lines
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedSnapshot(f"no snapshot of a reference: {error}") from error
        names = [column.name for column in self.table.columns]
        self._rows: dict[Key, Row] = {
            self.table.key_of(row): MappingProxyType(dict(zip(names, row, strict=True))) for row in rows
        }

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, key: Key) -> Row | None:
        """The row of a key; None where there is none. The row cannot be changed."""
        return self._rows.get(key)

    def rows(self) -> Iterator[Row]:
        """Every row, in an order that follows from the set of rows."""
        return iter(self._rows.values())


def _stated(forms: Mapping[Kind, Callable[[Any], Any]], kind: Kind, value: Any) -> Any:
    return value if value is None or kind not in forms else forms[kind](value)
