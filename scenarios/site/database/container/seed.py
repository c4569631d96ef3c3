"""Statements that make a table of a reference's rows: `seed.py TABLE KEY <reference.json >seed.sql`.

It is run while the image is built, where nothing of the project is installed but Python. Every column is text, each
statement is one line, as MariaDB's `init-file` has it, and what is there already stays as it is.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

DATABASE = "ads"


def statements(document: dict[str, Any], table: str, key: str) -> Iterator[str]:
    """The statements for a reference, `{"rows": {key: {column: value}}}`."""
    rows = document["rows"]
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    declared = ", ".join(f"{name(column)} VARCHAR(255)" for column in columns)
    yield f"CREATE DATABASE IF NOT EXISTS {DATABASE} CHARACTER SET utf8mb4;"
    yield f"CREATE TABLE IF NOT EXISTS {DATABASE}.{name(table)} ({name(key)} VARCHAR(255) PRIMARY KEY, {declared});"
    for value, row in rows.items():
        values = ", ".join(text(each) for each in (value, *map(row.get, columns)))
        yield f"INSERT IGNORE INTO {DATABASE}.{name(table)} VALUES ({values});"  # noqa: S608 - quoted


def name(column: str) -> str:
    """A name as MariaDB takes any."""
    return "`" + column.replace("`", "``") + "`"


def text(value: Any) -> str:
    """A value as a text of SQL, on one line; NULL for None."""
    if value is None:
        return "NULL"
    return f"CONVERT(X'{str(value).encode().hex()}' USING utf8mb4)"


if __name__ == "__main__":
    for statement in statements(json.load(sys.stdin), *sys.argv[1:]):
        sys.stdout.write(f"{statement}\n")
