"""`wavetank query | head`: look at the data at rest."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from wavetank.scenarios.commands.target import EndpointUrl, connect
from wavetank.scenarios.report.escaping import echo, one_line

if TYPE_CHECKING:
    from wavetank.scenarios.client.sql import Rows
    from wavetank.scenarios.client.warehouse import Warehouse

FAILED = 1
SHOWN_SKIPPED = 20

AsJson = Annotated[bool, typer.Option("--json", help="Print a JSON array of objects, as rows come.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV (RFC 4180) with a header, as rows come.")]
Limit = Annotated[
    int | None,
    typer.Option(min=0, metavar="N", help="Print so many rows at most.", show_default="1,000 in a table, else all"),
]
Memory = Annotated[
    str,
    typer.Option(envvar="WAVETANK_QUERY_MEMORY", metavar="SIZE", help="Memory that the query may use, such as 512MB."),
]
Disk = Annotated[
    str,
    typer.Option(
        envvar="WAVETANK_QUERY_DISK",
        metavar="SIZE",
        help="Disk that it may use where that does not do.",
    ),
]
Unsafe = Annotated[
    bool, typer.Option("--unsafe", help="Let SQL reach files, the network, extensions and DuckDB's settings.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Fail at an object that cannot be read, do not leave it out.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    example = "select campaign, count(*) from impression group by all order by 2 desc"
    app.command(epilog=f'Example: wavetank query "{example}"')(query)
    app.command(epilog="Example: wavetank head click -n 3 --json")(head)


def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="DuckDB's SQL; a view is named as its event type.")],
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    limit: Limit = None,
    memory: Memory = "1GB",
    disk: Disk = "8GB",
    unsafe: Unsafe = False,
    strict: Strict = False,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Ask the Parquet at rest: one view an event type, with date, hour and bucket of the partition.

    An object that cannot be read is left out and named on standard error. A query reaches nothing else unless it is
    --unsafe.
    """
    from wavetank.scenarios.client.sql import Means

    show = _printer(as_json, as_csv)
    with _warehouse(endpoint_url, strict) as warehouse, warehouse.query(sql, Means(memory, disk, unsafe)) as rows:
        show(rows, limit)


def head(
    event_type: Annotated[str, typer.Argument(help="Event type.", metavar="event")],
    n: Annotated[int, typer.Option("-n", min=1, help="So many events.")] = 10,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    strict: Strict = False,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Print the first events of one type at rest."""
    show = _printer(as_json, as_csv)
    with _warehouse(endpoint_url, strict) as warehouse:
        if event_type not in warehouse.tables:
            raise _failed(f"nothing at rest of {event_type!r}; there is of: {', '.join(warehouse.tables)}")
        show(warehouse.head(event_type, n), n)


@contextmanager
def _warehouse(endpoint_url: str | None, strict: bool) -> "Iterator[Warehouse]":
    """What is at rest; at the end, however it comes, what was left out is told."""
    from wavetank.scenarios.client.sql import QueryError
    from wavetank.scenarios.client.warehouse import NothingAtRestError, Warehouse

    stack = connect(endpoint_url)
    try:
        warehouse = Warehouse.of(stack, strict=strict)
    except (NothingAtRestError, QueryError) as error:
        raise _failed(str(error)) from error
    try:
        if not warehouse.tables:
            raise _failed("no Parquet at rest yet: run `wavetank feed`, `wavetank settle`, `wavetank tick`.")
        yield warehouse
    except QueryError as error:
        raise _failed(f"{error}\nviews:\n{warehouse.describe()}") from error
    finally:
        _tell_skipped(warehouse)


def _tell_skipped(warehouse: "Warehouse") -> None:
    if warehouse.strict:
        return
    skipped = list(warehouse.skipped.values())
    for each in skipped[:SHOWN_SKIPPED]:
        echo(one_line(f"warning: {each.key} is left out: {each.reason}"), err=True)
    if len(skipped) > SHOWN_SKIPPED:
        echo(f"warning: and {len(skipped) - SHOWN_SKIPPED:,} more; --strict fails at the first", err=True)


def _failed(message: str) -> typer.Exit:
    echo(f"error: {message}", err=True)
    return typer.Exit(FAILED)


def _printer(as_json: bool, as_csv: bool) -> "Callable[[Rows, int | None], None]":
    from wavetank.scenarios.commands.rows import print_csv, print_json, print_table

    if as_json and as_csv:
        raise typer.BadParameter("give --json or --csv, not both")
    return print_json if as_json else print_csv if as_csv else print_table
