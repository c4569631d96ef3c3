"""`wavetank reference diff`: the rows and columns that differ between two snapshots of a reference."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from wavetank.emulator.errors import CallerError
from wavetank.scenarios.commands.options import AsJson, EndpointUrl, Stage, since
from wavetank.scenarios.commands.reference.description import Name
from wavetank.scenarios.commands.reference.overview import published
from wavetank.scenarios.report.escaping import echo, one_line

if TYPE_CHECKING:
    from datetime import datetime

    from wavetank.pipeline.reference.index import Entry, Index
    from wavetank.scenarios.client.reference.comparison import Comparison

DIFFERENT = 1
"""Exit code where the snapshots differ, as that of `diff`; wrong usage is 2."""
SHOWN = 20


From = Annotated[
    str | None,
    typer.Argument(
        metavar="FROM",
        help="An entry: its number (see `show`), the beginning of its digest, or a time, ISO 8601 or an age: 6h, 2d.",
        show_default="the last but one",
    ),
]
To = Annotated[str | None, typer.Argument(metavar="TO", help="Likewise.", show_default="the newest")]


def diff(
    name: Name,
    first: From = None,
    second: To = None,
    limit: Annotated[
        int, typer.Option("--limit", min=0, metavar="N", help="Print so many rows of each kind of change.")
    ] = SHOWN,
    as_json: AsJson = False,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
) -> None:
    """Compare two snapshots of a reference: + rows that came, - rows that went, ~ rows that changed.

    Exit code 0 where they are the same, 1 where they differ.
    """
    from wavetank.scenarios.client.reference.comparison import compare
    from wavetank.scenarios.commands.observability.places import now_of
    from wavetank.scenarios.commands.target import pipeline_at

    site = pipeline_at(endpoint_url, stage)
    there, now = published(site), now_of(site.stack)
    before, after = chosen(name, there.entries(name), (first, second), now)
    older = there.snapshot(name, before)
    comparison = compare(older, older if after.digest == before.digest else there.snapshot(name, after), limit)
    if as_json:
        sides = {"from": _document(before), "to": _document(after)}
        echo(json.dumps({"name": name, **sides, **comparison.to_document()}))
    else:
        echo("\n".join(map(one_line, in_words(before, after, comparison))))
    if comparison.differs:
        raise typer.Exit(DIFFERENT)


def in_words(before: "Entry", after: "Entry", comparison: "Comparison") -> Iterator[str]:
    """A comparison for people: the two snapshots, a line for each difference, and the counts."""
    from wavetank.scenarios.client.reference.comparison import Change

    yield f"--- {before.digest[:12]}  {comparison.before:,} rows"
    yield f"+++ {after.digest[:12]}  {comparison.after:,} rows"
    yield from comparison.table
    yield from map(str, comparison.rows)
    counts = comparison.counts
    for change in Change:
        if (more := counts[change] - sum(row.change is change for row in comparison.rows)) > 0:
            yield f"{change} … {more:,} more"
    yield (
        ", ".join(f"{counts[change]:,} {change.name.lower()}" for change in Change)
        if comparison.differs
        else "they are the same"
    )


def chosen(name: str, index: "Index", words: tuple[str | None, str | None], now: "datetime") -> tuple["Entry", "Entry"]:
    """The two entries that are meant; the last two where none is named, the newest where one is."""
    first, second = words
    if first is None:
        if len(index.entries) < 2:
            raise CallerError(
                f"{name} has one entry, and nothing to compare it with.", "A second one comes with the next change."
            )
        return index.entries[-2], index.entries[-1]
    return _entry(index, "FROM", first, now), index.entries[-1] if second is None else _entry(index, "TO", second, now)


def _entry(index: "Index", argument: str, word: str, now: "datetime") -> "Entry":
    from wavetank.scenarios.client.reference.choice import at_time, by_word

    entry = by_word(index, word)
    if entry is not None:
        return entry
    try:
        time = since(argument, word, now)
    except typer.BadParameter as error:
        raise typer.BadParameter(
            f"{argument} {word!r} is no number of an entry, no beginning of a digest (6 digits at least), no time "
            "(ISO 8601) and no age such as 15m or 6h; see `wavetank reference show`"
        ) from error
    return at_time(index, time)


def _document(entry: "Entry") -> dict[str, str | int]:
    return {"digest": entry.digest, "from_us": entry.from_us}
