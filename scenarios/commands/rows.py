"""Rows for programs and for people: JSON and CSV, written as rows come, and a table of the first of them."""

import csv
import json
import math
import sys
from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from wavetank.scenarios.report.escaping import echo, one_line, printable

if TYPE_CHECKING:
    from wavetank.scenarios.client.sql import Rows

SHOWN_ROWS = 1_000
SHOWN_CHARACTERS = 60


def print_json(result: "Rows", limit: int | None = None) -> None:
    """An array of objects, one a row."""
    before = "["
    for row in islice(result.rows, limit):
        values = dict(zip(result.columns, map(_plain, row), strict=True))
        sys.stdout.write(printable(f"{before}{json.dumps(values, ensure_ascii=False)}"))
        before = ",\n "
    echo("]" if before != "[" else "[]")


def print_csv(result: "Rows", limit: int | None = None) -> None:
    """A header and a line a row; null is empty. Text is as it is, but for a terminal, which gets it escaped."""
    shown = printable if sys.stdout.isatty() else str
    writer = csv.writer(sys.stdout)
    writer.writerow(map(shown, result.columns))
    for row in islice(result.rows, limit):
        writer.writerow(["" if value is None else shown(_text(value)) for value in row])


def print_table(result: "Rows", limit: int | None = None) -> None:
    """A table for people, and how many rows it has; without a limit the first SHOWN_ROWS, saying if there are more."""
    from rich.table import Column, Table
    from rich.text import Text

    from wavetank.scenarios.report.console import unfolded

    most = SHOWN_ROWS if limit is None else limit
    rows = list(islice(result.rows, most))
    if result.columns:
        table = Table(*(Column(Text(one_line(name))) for name in result.columns))
        for row in rows:
            table.add_row(*(Text(_short(value)) for value in row))
        unfolded().print(table)
    more = limit is None and next(result.rows, None) is not None
    count = f"{len(rows):,} row{'' if len(rows) == 1 else 's'}"
    echo(f"the first {count}; there are more: --limit N shows N, --csv and --json print all" if more else count)


def _short(value: Any) -> str:
    text = "NULL" if value is None else _text(value)
    return one_line(text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…")


def _text(value: Any) -> str:
    plain = _plain(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """A value as JSON has it: times in ISO 8601, bytes in hex, what is no JSON number as text."""
    match value:
        case datetime() | date():
            return value.isoformat()
        case bytes():
            return value.hex()
        case float() if not math.isfinite(value):
            return str(value)
        case dict():
            return {str(name): _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case None | bool() | int() | float() | str():
            return value
    return str(value)
