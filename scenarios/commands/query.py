"""`wavetank query | head`: look at the data at rest."""

import csv
import json
import math
import sys
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scenarios.commands.target import EndpointUrl, connect

if TYPE_CHECKING:
    from scenarios.warehouse import Result, Warehouse

FAILED = 1
SHOWN_ROWS = 1_000
SHOWN_CHARACTERS = 60

AsJson = Annotated[bool, typer.Option("--json", help="Print a JSON array of objects.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV (RFC 4180) with a header.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    example = "select campaign, count(*) from impression group by all order by 2 desc"
    app.command(epilog=f'Example: wavetank query "{example}"')(query)
    app.command(epilog="Example: wavetank head click -n 3 --json")(head)


def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="DuckDB's SQL; a view is named as its event type.")],
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Ask the Parquet at rest: one view an event type, with date, hour and bucket of the partition."""
    from scenarios.warehouse import QueryError

    warehouse = _warehouse(endpoint_url)
    try:
        result = warehouse.query(sql)
    except QueryError as error:
        raise _failed(f"{error}\nviews:\n{warehouse.describe()}") from error
    _printer(as_json, as_csv)(result)


def head(
    event: Annotated[str, typer.Argument(help="Event type.")],
    n: Annotated[int, typer.Option("-n", min=1, help="So many events.")] = 10,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Print the first events of one type at rest."""
    warehouse = _warehouse(endpoint_url)
    if event not in warehouse.datasets:
        raise _failed(f"nothing at rest of {event!r}; there is of: {', '.join(warehouse.datasets)}")
    _printer(as_json, as_csv)(warehouse.head(event, n))


def _warehouse(endpoint_url: str | None) -> "Warehouse":
    from scenarios.warehouse import NothingAtRestError, Warehouse

    try:
        return Warehouse.of(connect(endpoint_url))
    except NothingAtRestError as error:
        raise _failed(str(error)) from error


def _failed(message: str) -> typer.Exit:
    typer.echo(f"error: {message}", err=True)
    return typer.Exit(FAILED)


def _printer(as_json: bool, as_csv: bool) -> Callable[["Result"], None]:
    if as_json and as_csv:
        raise typer.BadParameter("give --json or --csv, not both")
    return print_json if as_json else print_csv if as_csv else print_table


def print_json(result: "Result") -> None:
    """An array of objects, one a row."""
    rows = [dict(zip(result.columns, map(_plain, row), strict=True)) for row in result.rows]
    typer.echo(json.dumps(rows, ensure_ascii=False))


def print_csv(result: "Result") -> None:
    """A header and a line a row; null is empty."""
    writer = csv.writer(sys.stdout)
    writer.writerow(result.columns)
    writer.writerows(["" if value is None else _text(value) for value in row] for row in result.rows)


def print_table(result: "Result") -> None:
    """A table for people, of the first rows, and how many there are."""
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    table = Table(*(Column(Text(name)) for name in result.columns))
    for row in result.rows[:SHOWN_ROWS]:
        table.add_row(*(Text(_short(value)) for value in row))
    # Off a terminal nothing says how wide a line may be, so nothing is folded.
    console = Console() if sys.stdout.isatty() else Console(width=sys.maxsize)
    if result.columns:
        console.print(table)
    shown = "" if len(result.rows) <= SHOWN_ROWS else f", the first {SHOWN_ROWS:,} shown; --csv prints all"
    typer.echo(f"{len(result.rows):,} row{'' if len(result.rows) == 1 else 's'}{shown}")


def _short(value: Any) -> str:
    text = "NULL" if value is None else _text(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"


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
