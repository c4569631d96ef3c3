"""`wavetank tick | settle`: what schedules do, done now."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from wavetank.emulator.errors import StackError
from wavetank.scenarios.commands.target import EndpointUrl, connect
from wavetank.scenarios.report.escaping import echo

if TYPE_CHECKING:
    from wavetank.scenarios.site.site import Site
    from wavetank.scenarios.site.ticks import Ticked

FAILED = 1
SETTLE_S = 120.0

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Timeout = Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds to wait for what is in flight.")]


class Only(StrEnum):
    """The functions that run on a schedule."""

    REPLAYER = "replayer"
    PLANNER = "planner"


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
    only: Annotated[Only | None, typer.Option(help="Only this function.", show_default=False)] = None,
    timeout: Timeout = SETTLE_S,
    as_json: AsJson = False,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Do now what the schedules would: replay undelivered chunks, then merge every hour that has part files.

    With --at, run the scheduled functions once as of that time, as EventBridge would.
    """
    if at is not None and (first is not None or end is not None):
        raise typer.BadParameter("--at is one time; --from and --to are for hours to merge")
    times = (_moment("--at", at), _moment("--from", first), _moment("--to", end))
    with _failures():
        runs = []
        for ticked in _ticks(_site(endpoint_url), times, only, timeout):
            runs.append(ticked)
            if not as_json:
                echo(_told(ticked))
        if as_json:
            echo(json.dumps({"ticks": [ticked.document() for ticked in runs]}))
        elif not runs:
            echo("nothing to do: no hour has part files. Feed something first: `wavetank feed`.")


def _site(endpoint_url: str | None) -> "Site":
    from wavetank.emulator.stack.home import project_root
    from wavetank.pipeline import topology
    from wavetank.scenarios.site.site import Site

    schemas = project_root() / "schemas"

    return Site(connect(endpoint_url), topology.load(schemas), schemas)


def _ticks(site: "Site", times: tuple[datetime | None, ...], only: Only | None, timeout_s: float) -> Iterator["Ticked"]:
    from wavetank.scenarios.site import ticks
    from wavetank.scenarios.spec.hours import Scheduled

    at, first, end = times
    wanted = tuple(function for function in Scheduled if only is None or function.value == only)

    def settle() -> None:
        site.stack.settle(timeout_s)

    settle()
    if at is not None:
        yield from ticks.once(site, wanted, at, settle)
        return
    if Scheduled.REPLAYER in wanted:
        yield ticks.replay(site, _now(site))
        settle()
    if Scheduled.PLANNER in wanted:
        yield from ticks.concatenate(site, ticks.Span(first, end))
        settle()


def _now(site: "Site") -> datetime:
    """The emulator's time; the wall clock's where there is no emulator to ask."""
    try:
        return site.now()
    except StackError:
        return datetime.now(UTC)


def _moment(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{option} {text!r} is not an ISO 8601 time: {error}") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@contextmanager
def _failures() -> Iterator[None]:
    from wavetank.scenarios.site.site import TickFailedError

    try:
        yield
    except TickFailedError as error:
        echo(f"error: {error}\nSee why with `wavetank logs`.", err=True)
        raise typer.Exit(FAILED) from error


def _told(ticked: "Ticked") -> str:
    counts = ", ".join(f"{name} {value}" for name, value in ticked.answer.items())
    return f"{ticked.function:13} {ticked.time:%Y-%m-%dT%H:%M:%SZ}  {counts}"
