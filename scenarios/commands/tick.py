"""`wavetank tick | settle`: the work of the schedules, done now."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wavetank.emulator.errors import StackError
from wavetank.scenarios.commands.options import AsJson, EndpointUrl, moment
from wavetank.scenarios.commands.target import connect, pipeline_at
from wavetank.scenarios.report.escaping import echo

if TYPE_CHECKING:
    from wavetank.scenarios.site.site import Site
    from wavetank.scenarios.site.ticks import Ticked

FAILED = 1
SETTLE_S = 120.0

Timeout = Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds to wait for what is in flight.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command(epilog="Example: wavetank settle --timeout 30")(settle)
    app.command(epilog="Example: wavetank tick --from 2019-11-24 --to 2019-11-26")(tick)


def settle(timeout: Timeout = SETTLE_S, endpoint_url: EndpointUrl = None) -> None:
    """Return once nothing is in flight anywhere; exit code 1, and what is in flight, after the time-out."""
    connect(endpoint_url).settle(timeout)


def tick(
    at: Annotated[str | None, typer.Option(help="Once, as of this time.", show_default=False)] = None,
    first: Annotated[str | None, typer.Option("--from", help="Merge hours from here.", show_default=False)] = None,
    end: Annotated[str | None, typer.Option("--to", help="Merge hours before this.", show_default=False)] = None,
    only: Annotated[
        Literal["replayer", "planner"] | None, typer.Option(help="Only this function.", show_default=False)
    ] = None,
    timeout: Timeout = SETTLE_S,
    as_json: AsJson = False,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Do now what the schedules would: replay undelivered chunks, then merge every hour that has part files.

    With --at, run the scheduled functions once as of that time, as EventBridge would.
    """
    if at is not None and (first is not None or end is not None):
        raise typer.BadParameter("--at is one time; --from and --to are for hours to merge")
    from wavetank.scenarios.site.site import TickFailedError

    options = (("--at", at), ("--from", first), ("--to", end))
    times = [moment(option, text) if text is not None else None for option, text in options]
    runs = []
    try:
        for ticked in _ticks(pipeline_at(endpoint_url), times, only, timeout):
            runs.append(ticked)
            if not as_json:
                counts = ", ".join(f"{name} {value}" for name, value in ticked.answer.items())
                echo(f"{ticked.function:13} {ticked.time:%Y-%m-%dT%H:%M:%SZ}  {counts}")
    except TickFailedError as error:
        echo(f"error: {error}\nSee why with `wavetank logs`.", err=True)
        raise typer.Exit(FAILED) from error
    if as_json:
        echo(json.dumps({"ticks": [ticked.document() for ticked in runs]}))
    elif not runs:
        echo("nothing to do: no hour has part files. Feed something first: `wavetank feed`.")


def _ticks(site: "Site", times: list[datetime | None], only: str | None, timeout_s: float) -> Iterator["Ticked"]:
    """Run the scheduled functions, settling before, between and after; the ticks as they end."""
    from wavetank.scenarios.site import ticks
    from wavetank.scenarios.spec.hours import Scheduled

    at, first, end = times
    functions = tuple(Scheduled) if only is None else (Scheduled(only),)

    def settle() -> None:
        site.stack.settle(timeout_s)

    settle()
    if at is not None:
        yield from ticks.once(site, functions, at, settle)
        return
    if Scheduled.REPLAYER in functions:
        try:
            now = site.now()
        except StackError:  # There is no emulator to ask for its time.
            now = datetime.now(UTC)
        yield ticks.replay(site, now)
        settle()
    if Scheduled.PLANNER in functions:
        yield from ticks.concatenate(site, ticks.Span(first, end))
        settle()
