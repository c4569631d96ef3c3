"""`wavetank deploy`: brings a stack up to date, says beforehand what would change, and removes what is left over."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wavetank.pipeline.components.guards import Acceptance
from wavetank.scenarios.commands import target
from wavetank.scenarios.commands.options import AsJson, EndpointUrl, Folder, Stage
from wavetank.scenarios.report.escaping import echo, one_line

if TYPE_CHECKING:
    from wavetank.emulator.deploy.changes import Change, StackChanges
    from wavetank.emulator.stack.stack import Stack

WOULD_CHANGE = 4
"""Exit code of `deploy --plan --exit-code` where something would change."""
MOST_CHARACTERS = 60
COLOURS = {"added": "green", "changed": "yellow", "replaced": "red", "removed": "red"}


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog="Examples: wavetank deploy --scheduled    wavetank deploy --plan --stage production")(deploy)


def deploy(
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
    folder: Folder = None,
    scheduled: Annotated[
        bool | None,
        typer.Option(
            "--scheduled/--no-scheduled",
            help="Whether EventBridge sends the ticks; else send them with `wavetank tick`.",
            show_default="as it is; off at first",
        ),
    ] = None,
    wait: Annotated[
        float, typer.Option("--wait", min=0, metavar="SECONDS", help="How long to wait for a stack that is starting.")
    ] = 0.0,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would change, and change nothing.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help=f"With --plan: exit code {WOULD_CHANGE} where something would change.")
    ] = False,
    allow_replacement: Annotated[
        bool, typer.Option("--allow-replacement", help="Replace streams and queues, and lose what is on them.")
    ] = False,
    accept_look_back: Annotated[
        bool, typer.Option(Acceptance.LOOK_BACK, help="Let a look-back change though data are at rest.")
    ] = False,
    remove: Annotated[
        list[str] | None,
        typer.Option(
            "--remove", metavar="EVENT", help="Remove an event type that is not in the folder; its data at rest stay."
        ),
    ] = None,
    allow_loss: Annotated[
        bool, typer.Option("--allow-loss", help="With --remove: also where records are not delivered yet.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring a stack up to date with the code and the schema folder; what has not changed is left alone.

    There is a CloudFormation stack for what event types share, and one for each event type. A stream or queue is
    replaced, with what is on it, only with --allow-replacement.
    """
    if plan and remove:
        raise typer.BadParameter("give --plan or --remove, not both")
    stack = target.awaited(endpoint_url, wait, stage)
    if remove:
        _remove(stack, stage, folder, remove, allow_loss=allow_loss, as_json=as_json)
        return
    if plan:
        from wavetank.emulator.deploy.deploy import preview

        changes = preview(stack, schemas=folder, stage=stage, scheduled=scheduled)
        if as_json:
            echo(json.dumps({"stacks": [each.document() for each in changes]}, default=str))
        else:
            _print(changes)
        raise typer.Exit(WOULD_CHANGE if changes and exit_code else 0)
    from wavetank.emulator.deploy.deploy import deploy as bring_up_to_date

    done = bring_up_to_date(
        stack,
        lambda step: echo(f"{step} …", err=True),
        schemas=folder,
        stage=stage,
        scheduled=scheduled,
        accepted=[Acceptance.LOOK_BACK] if accept_look_back else [],
        allow_replacement=allow_replacement,
    )
    events = [event.name for event in done.topology.events]
    for warning in (*done.warnings, *map(str, done.leftovers)):
        echo(one_line(f"warning: {warning}"), err=True)
    if as_json:
        document = {"events": events, "data_bucket": done.data_bucket, "duration_s": done.duration_s}
        leftovers = [each.document() for each in done.leftovers]
        references = [each.document() for each in done.references]
        more = {"changed": done.changed, "leftovers": leftovers, "warnings": done.warnings, "references": references}
        echo(json.dumps(document | more))
    else:
        changed = ", ".join(done.changed) or "nothing"
        where = f"changed: {changed}; data in s3://{done.data_bucket}"
        echo(f"deployed in {done.duration_s:.1f} s: {', '.join(events)}; {where}")
        for renewal in done.references:
            echo(str(renewal))


def _remove(
    stack: "Stack", stage: str | None, folder: Path | None, event_types: list[str], *, allow_loss: bool, as_json: bool
) -> None:
    from wavetank.emulator.deploy.deploy import plan
    from wavetank.emulator.deploy.removal import remove

    removed = remove(stack, plan(folder, stage), event_types, allow_loss=allow_loss)
    if as_json:
        echo(json.dumps({"removed": [each.document() for each in removed]}))
        return
    for each in removed:
        stays = ", ".join(f"{prefix} ({count:,})" for prefix, count in each.at_rest.items()) or "nothing"
        echo(one_line(f"removed {each.event_type} (stack {each.stack}); at rest stays: {stays}"))


def _print(changes: "tuple[StackChanges, ...]") -> None:
    """The changes for a person to read; what loses records is red."""
    for of in changes:
        state = "moved out of the one stack of before" if of.moved and of.is_new else "new" if of.is_new else "changed"
        echo(f"{of.stack} ({state})")
        for change in of.changes:
            for line in _lines(change):
                typer.secho(one_line(line), fg=COLOURS[change.kind], bold=change.loses)
    if not changes:
        echo("nothing would change")


def _lines(change: "Change") -> Iterator[str]:
    loss = "  LOSES WHAT IS ON IT: needs --allow-replacement" if change.loses else ""
    yield f"  {change.kind:8} {change.logical_id} ({change.type}){loss}"
    for each in change.properties:
        yield f"             {each.name}: {_short(each.before)} → {_short(each.after)}"


def _short(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"
