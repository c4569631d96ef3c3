"""`wavetank query | head`: look at the data at rest, and with SQL at the logs of functions.

Rows are printed for programs, as JSON and CSV, written as rows come, and for people as a table of the first of them.
"""

import csv
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wavetank.pipeline.names import Names
from wavetank.scenarios.commands.options import EndpointUrl, Stage
from wavetank.scenarios.commands.options import since as since_option
from wavetank.scenarios.commands.target import connect
from wavetank.scenarios.report.escaping import echo, one_line, printable

if TYPE_CHECKING:
    from wavetank.emulator.stack.stack import Stack
    from wavetank.scenarios.client.sql import Filled, Rows
    from wavetank.scenarios.client.warehouse import Warehouse

FAILED = 1
LOGS = "logs"
USUAL_SINCE = "1h"
SHOWN_SKIPPED = 20
SHOWN_ROWS = 1_000
SHOWN_CHARACTERS = 60

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
    of_logs = "select function, count(*) from logs where level = 'ERROR' group by all"
    app.command(epilog=f'Examples: wavetank query "{example}"    wavetank query "{of_logs}" --since 6h')(query)
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
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="Log lines from this time on, or so long ago: 15m, 6h, 2d.",
            show_default=USUAL_SINCE,
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Log lines up to this time, or so long ago.", show_default="now")
    ] = None,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
) -> None:
    """Ask the Parquet at rest: one view an event type, with date, hour and bucket of the partition.

    Also the table `logs`, of what functions logged in a time span: time, function, event_type, level, message,
    request_id, and the line as JSON. An object that cannot be read is left out and named on standard error. A query
    reaches nothing else unless it is --unsafe.
    """
    from wavetank.scenarios.client.sql import Means, tables_in

    show = _printer(as_json, as_csv)
    named = tables_in(sql)
    asks_logs = LOGS in named if named is not None else re.search(rf"\b{LOGS}\b", sql, re.IGNORECASE) is not None
    if (since or until) and not asks_logs:
        raise typer.BadParameter("--since and --until are about logs, which the query does not name")
    stack, means = connect(endpoint_url, stage), Means(memory, disk, unsafe)
    asks_logs = asks_logs and not _is_event_type(stack, stage)
    only_logs = asks_logs and named == frozenset({LOGS})
    with _warehouse(stack, stage, strict, only_logs=only_logs, may_be_empty=asks_logs) as warehouse:
        filled = _logs(stack, stage, since, until) if asks_logs else {}
        with warehouse.query(sql, means, filled) as rows:
            show(rows, limit)


def _is_event_type(stack: "Stack", stage: str | None) -> bool:
    """Whether there is data at rest of an event type that is called as the table of log lines."""
    s3, bucket = stack.client("s3"), Names.of_stage(stage).data_bucket(stack.account)
    try:
        return bool(s3.list_objects_v2(Bucket=bucket, Prefix=f"parquet/event={LOGS}/", MaxKeys=1).get("Contents"))
    except s3.exceptions.NoSuchBucket:
        return False


def _logs(stack: "Stack", stage: str | None, since: str | None, until: str | None) -> "dict[str, Filled]":
    """The table of the log lines of a time span, by its name."""
    from wavetank.scenarios.commands.observability.places import functions_of, now_of
    from wavetank.scenarios.observability.log_lines import LogChoice
    from wavetank.scenarios.observability.log_reader import LogReader
    from wavetank.scenarios.observability.log_table import log_table

    now = now_of(stack)
    start = since_option("--since", since or USUAL_SINCE, now)
    end_ms = None if until is None else round(since_option("--until", until, now).timestamp() * 1000)
    reader = LogReader(stack.client("logs"), functions_of(stack, stage), Names.of_stage(stage).prefix)
    return {LOGS: log_table(reader.lines(LogChoice(), round(start.timestamp() * 1000), end_ms))}


def head(
    event_type: Annotated[str, typer.Argument(help="Event type.", metavar="event")],
    n: Annotated[int, typer.Option("-n", min=1, help="So many events.")] = 10,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    strict: Strict = False,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
) -> None:
    """Print the first events of one type at rest."""
    show = _printer(as_json, as_csv)
    with _warehouse(connect(endpoint_url, stage), stage, strict) as warehouse:
        if event_type not in warehouse.tables:
            raise _failed(f"nothing at rest of {event_type!r}; there is of: {', '.join(warehouse.tables)}")
        show(warehouse.head(event_type, n), n)


@contextmanager
def _warehouse(
    stack: "Stack", stage: str | None, strict: bool, *, only_logs: bool = False, may_be_empty: bool = False
) -> "Iterator[Warehouse]":
    """The data at rest, none of it for `only_logs`; at the end, however it comes, what was left out is named."""
    from wavetank.scenarios.client.sql import QueryError
    from wavetank.scenarios.client.warehouse import NothingAtRestError, Warehouse

    try:
        warehouse = Warehouse() if only_logs else Warehouse.of(stack, Names.of_stage(stage), strict=strict)
    except (NothingAtRestError, QueryError) as error:
        raise _failed(str(error)) from error
    try:
        if not warehouse.tables and not may_be_empty:
            raise _failed("no Parquet at rest yet: run `wavetank feed`, `wavetank settle`, `wavetank tick`.")
        yield warehouse
    except QueryError as error:
        views = f"\nviews:\n{warehouse.describe()}" if warehouse.tables else ""
        raise _failed(f"{error}{views}") from error
    finally:
        skipped = [] if warehouse.strict else list(warehouse.skipped.values())
        for entry in skipped[:SHOWN_SKIPPED]:
            echo(one_line(f"warning: {entry.key} is left out: {entry.reason}"), err=True)
        if len(skipped) > SHOWN_SKIPPED:
            echo(f"warning: and {len(skipped) - SHOWN_SKIPPED:,} more; --strict fails at the first", err=True)


def _failed(message: str) -> typer.Exit:
    echo(f"error: {message}", err=True)
    return typer.Exit(FAILED)


def _printer(as_json: bool, as_csv: bool) -> "Callable[[Rows, int | None], None]":
    if as_json and as_csv:
        raise typer.BadParameter("give --json or --csv, not both")
    return print_json if as_json else print_csv if as_csv else print_table


def print_json(result: "Rows", limit: int | None = None) -> None:
    """An array of objects, one a row."""
    before = "["
    for row in islice(result.rows, limit):
        values = dict(zip(result.columns, row, strict=True))
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
            texts = ("NULL" if value is None else _text(value) for value in row)
            cells = (text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…" for text in texts)
            table.add_row(*(Text(one_line(cell)) for cell in cells))
        unfolded().print(table)
    more = limit is None and next(result.rows, None) is not None
    count = f"{len(rows):,} row{'' if len(rows) == 1 else 's'}"
    echo(f"the first {count}; there are more: --limit N shows N, --csv and --json print all" if more else count)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
