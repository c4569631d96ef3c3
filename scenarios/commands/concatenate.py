"""`wavetank concatenate`: merge many hours at once, beside the functions, and land what came too late."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scenarios.commands.target import EndpointUrl, connect

if TYPE_CHECKING:
    from emulator.stack import Stack

MODULE = "pipeline.handlers.backfill"
FAILED = 1
LAST_LINES = 3


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog="Example: wavetank concatenate --from 2019-11-24 --to 2019-11-26 --backfill")(concatenate)


def concatenate(
    first: Annotated[str | None, typer.Option("--from", help="The first hour, ISO 8601.", show_default=False)] = None,
    end: Annotated[str | None, typer.Option("--to", help="The hour after the last one.", show_default=False)] = None,
    event: Annotated[list[str] | None, typer.Option(help="An event type; by default all.", show_default=False)] = None,
    backfill: Annotated[bool, typer.Option("--backfill", help="Land late parts of these hours as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Merge what has changed in these hours, whatever their age, in a process of its own.

    A tick looks back 12 hours; parts of older hours it puts aside under late/, where --backfill finds them.
    """
    stack = connect(endpoint_url)
    _check_events(event or [])
    options = [*_times(first, end), *(f"--event={name}" for name in event or []), *(["--late"] if backfill else [])]
    total: dict[str, int] = {"late": 0, "late_parts": 0, "partitions": 0, "planned": 0, "written": 0}
    for said in _run(stack, options, show=not as_json):
        total["written"] += bool(said.get("written"))
        total |= {name: said[name] for name in total if name in said and name != "written"}
    if as_json:
        typer.echo(json.dumps(total))
        return
    typer.echo(f"late events landed {total['late']:,} (in {total['late_parts']:,} parts)")
    typer.echo(f"partitions {total['partitions']:,}, changed {total['planned']:,}, written {total['written']:,}")


def _check_events(names: list[str]) -> None:
    from emulator.deploy import schemas_folder
    from pipeline import topology

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
    command = [sys.executable, "-m", MODULE, f"--account={stack.account}", *options]
    with subprocess.Popen(  # noqa: S603 - our own module, its arguments checked
        command, env=_environment(stack), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            done = 0
            for line in process.stdout:
                said = json.loads(line)
                done += "partition" in said
                if show and "partition" in said and sys.stderr.isatty():
                    typer.echo(f"\r{done:,} partitions", err=True, nl=False)
                yield said
            complaint = process.stderr.read().strip().splitlines()[-LAST_LINES:]
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        typer.echo("error: the back-fill broke off: " + "\n".join(complaint), err=True)
        typer.echo("What was done is done; run it again to go on.", err=True)
        raise typer.Exit(FAILED)


def _environment(stack: "Stack") -> dict[str, str]:
    """What the pipeline is told on AWS, and where to find it."""
    from emulator.clients import DUMMY_KEY
    from emulator.home import project_root

    local = {"AWS_ACCESS_KEY_ID": DUMMY_KEY, "AWS_SECRET_ACCESS_KEY": DUMMY_KEY}
    place = {"AWS_ENDPOINT_URL": stack.endpoint_url, "AWS_DEFAULT_REGION": stack.region}
    return {**local, **os.environ, **place, "PYTHONPATH": str(project_root())}
