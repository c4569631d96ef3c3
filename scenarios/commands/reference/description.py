"""`wavetank reference show`: the columns, settings and entries of a reference, and rows of one of its snapshots."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wavetank.scenarios.commands.options import AsJson, EndpointUrl, Stage, since
from wavetank.scenarios.commands.reference.overview import published
from wavetank.scenarios.report.escaping import echo, one_line

if TYPE_CHECKING:
    from datetime import datetime

    from wavetank.pipeline.components.references import ReferenceData
    from wavetank.pipeline.reference.index import Index
    from wavetank.pipeline.reference.snapshot import Snapshot

NO_SUCH_ROW = 1
"""Exit code where no row has the key."""
MOST_ENTRIES = 20
"""Entries that are shown, the newest ones; `--json` has all."""

OF_DATABASES = ("every", "stale_after", "limits.statement_timeout", "limits.shrink_percent")
"""Settings that mean nothing for a file."""

Name = Annotated[str, typer.Argument(help="The reference; see `wavetank reference list`.", metavar="NAME")]


def show(
    name: Name,
    rows: Annotated[int, typer.Option("--rows", min=0, metavar="N", help="Print the first N rows too.")] = 0,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            metavar="VALUE",
            help="Print the row of this key alone; again for the next column of the key.",
            show_default=False,
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="TIME",
            help="Of the snapshot that was in effect then, or so long ago: 6h, 2d.",
            show_default="the newest, in effect or not",
        ),
    ] = None,
    as_json: AsJson = False,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
) -> None:
    """Show a reference: its columns, its key, what is set, the entries of its index; and rows, where asked.

    Exit code 1 where no row has the key.
    """
    from wavetank.scenarios.client.reference.choice import at_time
    from wavetank.scenarios.commands.observability.places import now_of
    from wavetank.scenarios.commands.target import pipeline_at

    site = pipeline_at(endpoint_url, stage)
    there, now = published(site), now_of(site.stack)
    configured = next((each for each in site.topology.references if each.name == name), None)
    index = there.index(name)
    if configured is None and not index.entries:
        site.topology.reference(name)  # Raises, naming those that there are.
    if key or rows or as_of is not None:
        index = there.entries(name)
    entry = index.newest if as_of is None else at_time(index, since("--as-of", as_of, now))
    snapshot = None if entry is None else there.snapshot(name, entry)
    if key and snapshot is not None:
        _show_row(name, snapshot, key, as_json=as_json)
        return
    document = described(name, configured, index, snapshot, rows)
    echo(json.dumps(document) if as_json else "\n".join(map(one_line, in_words(document, now))))


def _show_row(name: str, snapshot: "Snapshot", key: list[str], *, as_json: bool) -> None:
    from wavetank.scenarios.client.reference import words

    row = snapshot.find(words.key_of(key, snapshot.table))
    if row is None:
        echo(one_line(f"error: no row of {name} has the key {', '.join(key)}"), err=True)
        raise typer.Exit(NO_SUCH_ROW)
    document = words.document(row, snapshot.table)
    if as_json:
        echo(json.dumps(document))
        return
    width = max(map(len, document))
    for column, value in document.items():
        echo(one_line(f"{column:<{width}}  {'NULL' if value is None else value}"))


def described(
    name: str, configured: "ReferenceData | None", index: "Index", snapshot: "Snapshot | None", rows: int
) -> dict[str, Any]:
    """A reference as JSON has it: what its file sets, the table of a snapshot, the entries, and the first rows."""
    from wavetank.scenarios.client.reference import words

    settings = None if configured is None or configured.settings is None else configured.settings
    table = (None if configured is None else configured.table) if snapshot is None else snapshot.table
    file = None if configured is None or configured.file is None else str(configured.file)
    return {
        "name": name,
        "file": file,
        "settings": None if settings is None else settings.model_dump(mode="json", exclude={"columns", "key"}),
        "columns": {} if table is None else {column.name: str(column.type) for column in table.columns},
        "key": [] if table is None else list(table.key),
        "entries": [
            {"entry": number, "digest": entry.digest, "from_us": entry.from_us}
            for number, entry in enumerate(index.entries, 1)
        ],
        "rows": None if snapshot is None else len(snapshot),
        "first_rows": []
        if snapshot is None
        else [words.document(row, snapshot.table) for row in islice(snapshot.rows(), rows)],
    }


def in_words(document: Mapping[str, Any], now: "datetime") -> Iterator[str]:
    """What `described` gives, for people; `now` is the time of the stack."""
    from wavetank.pipeline.reference.index import SECOND_US, Entry
    from wavetank.scenarios.client.reference.choice import effect
    from wavetank.scenarios.client.reference.words import in_words as row_in_words

    yield document["name"]
    yield from (f"  {name}: {value}" for name, value in _set(document))
    yield f"  key: {', '.join(document['key']) or 'not known: nothing is published'}"
    for name, kind in document["columns"].items():
        yield f"    {name} {kind}"
    if document["rows"] is not None:
        yield f"  rows: {document['rows']:,}"
    entries = document["entries"]
    yield f"  entries: {len(entries):,}" if entries else "  entries: none, it is not published"
    if len(entries) > MOST_ENTRIES:
        yield f"    … {len(entries) - MOST_ENTRIES:,} older ones; --json has all"
    now_us = round(now.timestamp() * SECOND_US)
    for each in entries[-MOST_ENTRIES:]:
        yield f"    {each['entry']:>3}  {each['digest'][:12]}  {effect(Entry(each['from_us'], each['digest']), now_us)}"
    yield from (row_in_words(row) for row in document["first_rows"])


def _set(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is set, a table's keys after its name; what has no value is left out."""
    is_file = document["file"] is not None
    if is_file:
        yield "file", document["file"]
    for name, value in (document["settings"] or {}).items():
        for key, each in value.items() if isinstance(value, dict) else [("", value)]:
            place = f"{name}.{key}".rstrip(".")
            if each is not None and name != "file" and not (is_file and place in OF_DATABASES):
                yield place, each
