"""`wavetank concatenate`: merge many hours at once, beside the functions, and land what came too late."""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wavetank.scenarios.commands.target import EndpointUrl, connect
from wavetank.scenarios.report.escaping import echo, echo_over

if TYPE_CHECKING:
    from wavetank.emulator.stack.stack import Stack

FAILED = 1


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog="Example: wavetank concatenate --from 2019-11-24 --to 2019-11-26 --backfill")(concatenate)


def concatenate(
    first: Annotated[str | None, typer.Option("--from", help="The first hour, ISO 8601.", show_default=False)] = None,
    end: Annotated[str | None, typer.Option("--to", help="The hour after the last one.", show_default=False)] = None,
    event_types: Annotated[
        list[str] | None, typer.Option("--event", help="An event type; by default all.", show_default=False)
    ] = None,
    backfill: Annotated[bool, typer.Option("--backfill", help="Land late parts of these hours as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Merge what has changed in these hours, whatever their age, in a process of its own.

    A tick looks back 12 hours; parts of older hours it puts aside under late/, where --backfill finds them.
    """
    stack = connect(endpoint_url)
    _check_events(event_types or [])
    options = [
        *_times(first, end),
        *(f"--event={name}" for name in event_types or []),
        *(["--late"] if backfill else []),
    ]
    total: dict[str, int] = {"late": 0, "late_parts": 0, "partitions": 0, "planned": 0, "written": 0}
    for said in _run(stack, options, show=not as_json):
        total["written"] += bool(said.get("written"))
        total |= {name: said[name] for name in total if name in said and name != "written"}
    if as_json:
        echo(json.dumps(total))
        return
    echo(f"late events landed {total['late']:,} (in {total['late_parts']:,} parts)")
    echo(f"partitions {total['partitions']:,}, changed {total['planned']:,}, written {total['written']:,}")


def _check_events(names: list[str]) -> None:
    from wavetank.emulator.deploy.deploy import schemas_folder
    from wavetank.pipeline import topology

    known = topology.load(schemas_folder())
    for name in names:
        known.event(name)


def _times(first: str | None, end: str | None) -> Iterator[str]:
    for option, text in (("--from", first), ("--to", end)):
        if text is None:
            continue
        try:
            datetime.fromisoformat(text)
        except ValueError as error:
            raise typer.BadParameter(f"{option} {text!r} is not an ISO 8601 time: {error}") from error
        yield f"{option}={text}"


def _run(stack: "Stack", options: list[str], show: bool) -> Iterator[dict[str, Any]]:
    """What the back-fill tells, line by line; the exit code is 1 where it breaks off, with its last words."""
    from wavetank.scenarios.site.recovery import BackFillFailedError, back_fill

    done = 0
    try:
        for said in back_fill(stack, options):
            done += "partition" in said
            if show and "partition" in said and sys.stderr.isatty():
                echo_over(f"{done:,} partitions")
            yield said
    except BackFillFailedError as error:
        echo(f"error: the back-fill broke off: {error}", err=True)
        echo("What was done is done; run it again to go on.", err=True)
        raise typer.Exit(FAILED) from error
