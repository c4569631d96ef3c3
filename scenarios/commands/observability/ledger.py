"""`wavetank ledger`: what became of all that was sent."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wavetank.emulator.errors import CallerError
from wavetank.scenarios.commands.observability.places import now_of
from wavetank.scenarios.commands.options import AsJson, EndpointUrl, Stage
from wavetank.scenarios.commands.options import since as since_option
from wavetank.scenarios.commands.target import pipeline_at
from wavetank.scenarios.report.escaping import echo, one_line

if TYPE_CHECKING:
    from wavetank.scenarios.observability.account import Account
    from wavetank.scenarios.observability.trace.model import Fate

LOST, NOTHING_SENT = 1, 3
USUAL_SINCE = "7d"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog="Examples: wavetank ledger    wavetank ledger feed.journal --show lost")(ledger)


def ledger(
    journal: Annotated[
        Path | None,
        typer.Argument(
            metavar="JOURNAL",
            dir_okay=False,
            help="The journal of `wavetank feed --journal FILE --retain`.",
            show_default="all that is on the raw streams",
        ),
    ] = None,
    show: Annotated[
        str | None,
        typer.Option("--show", metavar="FATE", help="List the ids of this fate instead.", show_default=False),
    ] = None,
    since: Annotated[
        str, typer.Option("--since", help="Look at streams from this time on, or so long ago: 6h, 2d.")
    ] = USUAL_SINCE,
    as_json: AsJson = False,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
) -> None:
    """Count what was sent by its fate: landed, quarantined, dropped, late, under way, lost.

    Of what a journal has kept, or of what the raw streams still have. Exit code 1 where something is lost, 3 where
    nothing was sent.
    """
    from wavetank.scenarios.observability.account import account
    from wavetank.scenarios.observability.sent import history_of_journal, history_of_streams
    from wavetank.scenarios.observability.trace.model import Fate

    fate = None if show is None else _fate(show)
    contents = None if journal is None else _contents(journal)
    site = pipeline_at(endpoint_url, stage)
    start = since_option("--since", since, now_of(site.stack))
    history = history_of_streams(site, start) if contents is None else history_of_journal(site, contents)
    accounts = account(site, history, start)
    if as_json:
        echo(json.dumps(document(accounts, fate), ensure_ascii=False))
    else:
        echo("\n".join(ids(accounts, fate) if fate is not None else in_words(accounts)) or "nothing was sent")
    if not accounts:
        raise typer.Exit(NOTHING_SENT)
    if any(its is Fate.LOST for each in accounts.values() for its in each.fates.values()):
        raise typer.Exit(LOST)


def document(accounts: "Mapping[str, Account]", fate: "Fate | None") -> list[dict[str, Any]]:
    """The accounts as JSON has them; of one fate, each id with what is known of it."""
    if fate is not None:
        return [
            {"event": name, "event_id": event_id, "fate": str(fate), "detail": each.details.get(event_id)}
            for name, each in accounts.items()
            for event_id, its in sorted(each.fates.items())
            if its is fate
        ]
    return [
        {"event": name, **each.counts(), "refused": each.refused, "reasons": _reasons(each)}
        for name, each in accounts.items()
    ]


def ids(accounts: "Mapping[str, Account]", fate: "Fate") -> Iterator[str]:
    """The ids of a fate for people, a line each."""
    for entry in document(accounts, fate):
        yield one_line(f"{entry['event']} {entry['event_id']}  {entry['detail'] or ''}".rstrip())


def in_words(accounts: "Mapping[str, Account]") -> Iterator[str]:
    """The accounts for people: the counts of each event type, and why and where."""
    for name, each in accounts.items():
        counts = ", ".join(f"{fate} {count:,}" for fate, count in each.counts().items() if count)
        refused = f", refused {each.refused:,}" if each.refused else ""
        yield one_line(f"{name:<16} {counts}{refused}")
        for fate, reasons in _reasons(each).items():
            yield one_line(f"{'':<16} {fate}: {', '.join(f'{why} {count:,}' for why, count in reasons.items())}")


def _reasons(each: "Account") -> dict[str, dict[str, int]]:
    """Of the fates that have details, the number of ids by these."""
    from wavetank.scenarios.observability.trace.model import Fate

    detailed = (Fate.QUARANTINED, Fate.UNDER_WAY, Fate.LOST)
    return {str(fate): reasons for fate in detailed if (reasons := each.reasons(fate))}


def _fate(name: str) -> "Fate":
    from wavetank.scenarios.observability.trace.model import Fate

    fates = [fate for fate in Fate if fate is not Fate.UNSEEN]
    for fate in fates:
        if name.replace("-", " ").lower() == fate:
            return fate
    raise typer.BadParameter(f"--show {name!r} is none of {', '.join(fate.replace(' ', '-') for fate in fates)}")


def _contents(path: Path) -> Any:
    from wavetank.scenarios.client.journal import Contents, JournalError

    if not path.is_file():
        raise typer.BadParameter(f"{path}: no such file")
    try:
        contents = Contents.of_file(path)
    except JournalError as error:
        raise CallerError(str(error), "Name the journal of a feed.") from error
    if not contents.retain:
        raise CallerError(
            f"{path} has not retained what is acknowledged.",
            "Feed with --journal and --retain; or leave the journal out, and the raw streams are asked.",
        )
    return contents
