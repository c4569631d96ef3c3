"""`wavetank settle | tick | concatenate`: the work of the schedules, done now, and merging many hours beside them."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from wavetank.emulator.errors import StackError
from wavetank.scenarios.commands.options import AsJson, EndpointUrl, Stage, moment
from wavetank.scenarios.commands.target import connect, pipeline_at
from wavetank.scenarios.report.escaping import echo, echo_over, one_line

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
    app.command(epilog="Example: wavetank concatenate --from 2019-11-24 --to 2019-11-26 --backfill")(concatenate)


def settle(timeout: Timeout = SETTLE_S, endpoint_url: EndpointUrl = None) -> None:
    """Return once nothing is in flight anywhere; exit code 1, and what is in flight, after the time-out."""
    connect(endpoint_url).settle(timeout)


def tick(
    at: Annotated[str | None, typer.Option(help="Once, as of this time.", show_default=False)] = None,
    first: Annotated[str | None, typer.Option("--from", help="Merge hours from here.", show_default=False)] = None,
    end: Annotated[str | None, typer.Option("--to", help="Merge hours before this.", show_default=False)] = None,
    only: Annotated[
        Literal["dumper", "replayer", "planner"] | None, typer.Option(help="Only this function.", show_default=False)
    ] = None,
    timeout: Timeout = SETTLE_S,
    as_json: AsJson = False,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
) -> None:
    """Do now what the schedules would: read databases, replay undelivered chunks, merge every hour with part files.

    With --at, run the scheduled functions once as of that time, as EventBridge would. Says what was set aside because
    it could not be merged, and which merges were given up; then the exit code is 1.
    """
    if at is not None and (first is not None or end is not None):
        raise typer.BadParameter("--at is one time; --from and --to are for hours to merge")
    from wavetank.scenarios.client import quarantine
    from wavetank.scenarios.site import dead_merges
    from wavetank.scenarios.site.site import TickFailedError

    options = (("--at", at), ("--from", first), ("--to", end))
    times = [moment(option, text) if text is not None else None for option, text in options]
    runs = []
    site = pipeline_at(endpoint_url, stage)
    before = {file.key for file in quarantine.files(site.s3, site.data_bucket)}
    try:
        for ticked in _ticks(site, times, only, timeout):
            runs.append(ticked)
            if not as_json:
                counts = ", ".join(f"{name} {_shown(value)}" for name, value in ticked.answer.items())
                echo(f"{ticked.function:13} {ticked.time:%Y-%m-%dT%H:%M:%SZ}  {counts}")
    except TickFailedError as error:
        echo(f"error: {error}\nSee why with `wavetank logs --level error`.", err=True)
        raise typer.Exit(FAILED) from error
    set_aside = quarantine.set_aside_at_merges(site.s3, site.data_bucket, before)
    given_up = dead_merges.dead_merges(site.stack, site.names)
    if as_json:
        aside = [{"event": of, "reason": why, "records": count} for (of, why), count in sorted(set_aside.items())]
        dead = [{"partition": partition, "messages": count} for partition, count in given_up.items()]
        echo(json.dumps({"ticks": [ticked.document() for ticked in runs], "set_aside": aside, "dead": dead}))
    else:
        if not runs:
            echo("nothing to do: no hour has part files. Feed something first: `wavetank feed`.")
        for (event_type, reason), count in sorted(set_aside.items()):
            echo(one_line(f"set aside at the merge: {count:,} {event_type} {reason}; see `wavetank quarantine list`"))
        for partition in given_up:
            echo(one_line(f"given up: {partition}"), err=True)
        if given_up:
            echo(dead_merges.remedy(given_up), err=True)
    if given_up:
        raise typer.Exit(FAILED)


def _shown(value: Any) -> str:
    """A count, or what became of a reference."""
    if isinstance(value, dict):
        return f"{value['rows']:,} rows {'published' if value['published'] else 'unchanged'}"
    return str(value)


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
    try:
        now = site.now()
    except StackError:  # There is no emulator to ask for its time.
        now = datetime.now(UTC)
    if Scheduled.DUMPER in functions:
        yield from ticks.dump(site, now)
    if Scheduled.REPLAYER in functions:
        yield ticks.replay(site, now)
        settle()
    if Scheduled.PLANNER in functions:
        yield from ticks.concatenate(site, ticks.Span(first, end))
        settle()


def concatenate(
    first: Annotated[str | None, typer.Option("--from", help="The first hour, ISO 8601.", show_default=False)] = None,
    end: Annotated[str | None, typer.Option("--to", help="The hour after the last one.", show_default=False)] = None,
    event_types: Annotated[
        list[str] | None, typer.Option("--event", help="An event type; by default all.", show_default=False)
    ] = None,
    backfill: Annotated[bool, typer.Option("--backfill", help="Land late parts of these hours as well.")] = False,
    as_json: AsJson = False,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
) -> None:
    """Merge what has changed in these hours, whatever their age, in a process of its own.

    A tick looks back 12 hours, or as far as is set for an event type; parts of older hours it puts aside under late/,
    where --backfill finds them. A partition that fails keeps no other from being merged; those that do not are no
    longer among the merges that were given up.
    """
    from wavetank.emulator.stack.home import schemas_folder
    from wavetank.pipeline import topology
    from wavetank.scenarios.site import dead_merges
    from wavetank.scenarios.site.recovery import BackFillFailedError, PartitionsFailedError, back_fill

    stack = connect(endpoint_url, stage)
    planned = topology.load(schemas_folder(), stage)
    for name in event_types or []:
        planned.event(name)
    times = [(option, text) for option, text in (("--from", first), ("--to", end)) if text is not None]
    for option, text in times:
        moment(option, text)
    options = [f"{option}={text}" for option, text in times]
    options += [*(f"--event={name}" for name in event_types or []), *(["--late"] if backfill else [])]
    total: dict[str, int] = {"late": 0, "late_parts": 0, "partitions": 0, "planned": 0, "written": 0}
    failed: dict[str, str] = {}
    done = 0
    try:
        for line in back_fill(stack, options, names=planned.names):
            total["written"] += bool(line.get("written"))
            total |= {name: line[name] for name in total if name in line and name != "written"}
            done += "partition" in line
            failed |= {line["partition"]: line["error"]} if "error" in line else {}
            if not as_json and "partition" in line and sys.stderr.isatty():
                echo_over(f"{done:,} partitions")
    except PartitionsFailedError:
        pass
    except BackFillFailedError as error:
        echo(f"error: the back-fill broke off: {error}", err=True)
        echo("What was done is done; run it again to go on.", err=True)
        raise typer.Exit(FAILED) from error

    def is_done(partition: str) -> bool:
        hour = dead_merges.hour_of(partition)
        after = first is None or hour >= moment("--from", first)
        before = end is None or hour < moment("--to", end)
        asked = not event_types or dead_merges.event_type_of(partition) in event_types
        return after and before and asked and partition not in failed

    forgotten = dead_merges.forget(stack, planned.names, is_done)
    if as_json:
        errors = [{"partition": partition, "error": why} for partition, why in failed.items()]
        echo(json.dumps({**total, "dead_letters": forgotten, "failed": errors}))
    else:
        echo(f"late events landed {total['late']:,} (in {total['late_parts']:,} parts)")
        echo(f"partitions {total['partitions']:,}, changed {total['planned']:,}, written {total['written']:,}")
        if forgotten:
            echo(f"{forgotten:,} dead letter{'s' if forgotten > 1 else ''} of merges that are done by now deleted")
    for partition, why in failed.items():
        echo(one_line(f"error: {partition}: {why}"), err=True)
    if failed:
        echo(f"{len(failed):,} failed, all others are merged. {dead_merges.remedy(failed)}", err=True)
        raise typer.Exit(FAILED)
