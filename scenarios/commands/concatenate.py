"""`wavetank concatenate`: merge many hours at once, beside the functions, and land what came too late."""

import json
import sys
from typing import Annotated

import typer

from wavetank.scenarios.commands.options import AsJson, EndpointUrl, moment
from wavetank.scenarios.commands.target import connect
from wavetank.scenarios.report.escaping import echo, echo_over

FAILED = 1


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog="Example: wavetank concatenate --from 2019-11-24 --to 2019-11-26 --backfill")(concatenate)


def concatenate(
    first: Annotated[str | None, typer.Option("--from", help="The first hour, ISO 8601.", show_default=False)] = None,
    end: Annotated[str | None, typer.Option("--to", help="The hour after the last one.", show_default=False)] = None,
    event: Annotated[list[str] | None, typer.Option(help="An event type; by default all.", show_default=False)] = None,
    backfill: Annotated[bool, typer.Option("--backfill", help="Land late parts of these hours as well.")] = False,
    as_json: AsJson = False,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Merge what has changed in these hours, whatever their age, in a process of its own.

    A tick looks back 12 hours; parts of older hours it puts aside under late/, where --backfill finds them.
    """
    from wavetank.emulator.deploy.deploy import schemas_folder
    from wavetank.pipeline import topology
    from wavetank.scenarios.site.back_fill import BackFillFailedError, back_fill

    stack = connect(endpoint_url)
    event_types = topology.load(schemas_folder())
    for name in event or []:
        event_types.event(name)
    times = [(option, text) for option, text in (("--from", first), ("--to", end)) if text is not None]
    for option, text in times:
        moment(option, text)
    options = [f"{option}={text}" for option, text in times]
    options += [*(f"--event={name}" for name in event or []), *(["--late"] if backfill else [])]
    total: dict[str, int] = {"late": 0, "late_parts": 0, "partitions": 0, "planned": 0, "written": 0}
    done = 0
    try:
        for line in back_fill(stack, options):
            total["written"] += bool(line.get("written"))
            total |= {name: line[name] for name in total if name in line and name != "written"}
            done += "partition" in line
            if not as_json and "partition" in line and sys.stderr.isatty():
                echo_over(f"{done:,} partitions")
    except BackFillFailedError as error:
        echo(f"error: the back-fill broke off: {error}", err=True)
        echo("What was done is done; run it again to go on.", err=True)
        raise typer.Exit(FAILED) from error
    if as_json:
        echo(json.dumps(total))
        return
    echo(f"late events landed {total['late']:,} (in {total['late_parts']:,} parts)")
    echo(f"partitions {total['partitions']:,}, changed {total['planned']:,}, written {total['written']:,}")
