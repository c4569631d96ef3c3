"""`wavetank schemas check | publish | list | show | diff`: the schema folder, and what is published of it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wavetank.pipeline.avro.resolution import Level
from wavetank.scenarios.commands import target
from wavetank.scenarios.commands.options import AsJson, EndpointUrl, Folder, Stage
from wavetank.scenarios.report.escaping import echo, one_line

if TYPE_CHECKING:
    from wavetank.pipeline.topology import EventType, Topology

FAILED = 1

Compatibility = Annotated[
    Level | None,
    typer.Option(
        "--compatibility",
        help="Instead of what the folder says.",
        show_default="FULL_TRANSITIVE, or as the folder says",
    ),
]
Event = Annotated[str, typer.Argument(help="The event type.", metavar="EVENT")]
Which = Annotated[str, typer.Argument(help="raw or processed, and a version: raw.v2.", metavar="SCHEMA")]

schemas = typer.Typer(help="The schema registry.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(schemas, name="schemas")


@schemas.command(epilog="Example: wavetank schemas check --compatibility BACKWARD")
def check(
    folder: Folder = None,
    compatibility: Compatibility = None,
    published: Annotated[
        bool,
        typer.Option(
            "--published", help="Ask the stack what is published: what only that breaks is a warning, not a problem."
        ),
    ] = False,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Say what keeps the schema folder, with its files of references, from being published.

    Exit code 1 where there is something.

    Needs no stack, and then takes every version for a new one.
    """
    planned = _folder(folder, stage)
    if published:
        from wavetank.emulator.deploy import publishing

        findings = publishing.check(target.connect(endpoint_url, stage), planned, compatibility)
    else:
        from wavetank.pipeline.components import reference_files
        from wavetank.pipeline.schemas import checks

        findings = checks.check_folder(planned, level=compatibility)
        findings = replace(findings, refused=(*findings.refused, *reference_files.problems(planned.references)))
    _warn(findings.warnings)
    if as_json:
        echo(json.dumps({"problems": findings.refused, "warnings": findings.warnings}))
    else:
        echo("\n".join(findings.refused) or "the schemas can be published")
    if findings:
        raise typer.Exit(FAILED)


@schemas.command(epilog="Example: wavetank schemas publish")
def publish(
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
    folder: Folder = None,
    compatibility: Compatibility = None,
    as_json: AsJson = False,
) -> None:
    """Put every schema version and reference snapshot of the folder in the registry; versions are never changed.

    Nothing is written where a version breaks a rule, or differs from the published one.
    """
    from wavetank.emulator.deploy import publishing

    done = publishing.publish(target.connect(endpoint_url, stage), _folder(folder, stage), compatibility)
    _warn(done.warnings)
    if as_json:
        renewals = [renewal.document() for renewal in done.references]
        echo(json.dumps({"published": done.keys, "warnings": done.warnings, "references": renewals}))
        return
    for key in done.keys:
        echo(one_line(f"published {key}"))
    for renewal in done.references:
        echo(str(renewal))
    if not done.keys:
        echo("nothing to publish: the registry has them all")


@schemas.command("list", epilog="Example: wavetank schemas list --json")
def list_(endpoint_url: EndpointUrl = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """Show the versions that are published, with their fingerprints."""
    from wavetank.emulator.deploy import publishing

    site = target.pipeline_at(endpoint_url, stage)
    rows = publishing.published(site.stack, site.topology.names)
    if as_json:
        echo(json.dumps(rows))
        return
    for row in rows:
        echo(one_line(f"{row['fingerprint']}  {row['key']}"))
    if not rows:
        echo("nothing is published: run `wavetank schemas publish`")


@schemas.command(epilog="Example: wavetank schemas show click raw.v1")
def show(
    event_type: Event, which: Which, endpoint_url: EndpointUrl = None, stage: Stage = None, folder: Folder = None
) -> None:
    """Print a published schema as it is in the registry."""
    from wavetank.emulator.deploy import publishing
    from wavetank.pipeline.layout import schema_key

    key = schema_key(_event_type(folder, event_type).name, *_role_and_version(which))
    site = target.pipeline_at(endpoint_url, stage)
    text = publishing.text_of(site.stack, site.topology.names, key)
    if text is None:
        echo(f"error: {event_type} {which} is not published; see `wavetank schemas list`", err=True)
        raise typer.Exit(FAILED)
    echo(text.decode())


@schemas.command(epilog="Example: wavetank schemas diff click raw.v1 raw.v2")
def diff(event_type: Event, older: Which, newer: Which, folder: Folder = None) -> None:
    """Print what differs between two versions in the schema folder: + new, - gone, ~ changed. Needs no stack."""
    from wavetank.pipeline.avro.model import InvalidSchema
    from wavetank.pipeline.schemas import checks, shared

    planned = _event_type(folder, event_type)
    texts = []
    for which in (older, newer):
        file = checks.schema_file(planned, *_role_and_version(which))
        if file is None:
            raise typer.BadParameter(f"{event_type} has no {which} in the schema folder")
        try:
            texts.append(checks.read(shared.text_of(file.path)))
        except InvalidSchema as error:
            raise typer.BadParameter(one_line(f"{file.path}: {error}")) from error
    lines = list(checks.differences(texts[0], texts[1]))
    echo("\n".join(lines) or "they are the same for every reader")


def _warn(warnings: tuple[str, ...]) -> None:
    for warning in warnings:
        echo(one_line(f"warning: {warning}"), err=True)


def _folder(folder: Path | None, stage: str | None = None) -> "Topology":
    """The topology of the folder, before anything of its schemas is looked at."""
    from wavetank.emulator.deploy.deploy import explained
    from wavetank.emulator.stack.home import schemas_folder
    from wavetank.pipeline import topology

    with explained():
        return topology.load(folder or schemas_folder(), stage)


def _event_type(folder: Path | None, name: str) -> "EventType":
    from wavetank.pipeline.errors import PipelineError

    try:
        return _folder(folder).event(name)
    except PipelineError as error:
        raise typer.BadParameter(str(error)) from error


def _role_and_version(which: str) -> tuple[str, int]:
    role, _, version = which.partition(".v")
    if role not in ("raw", "processed") or not version.isdecimal():
        raise typer.BadParameter(f"{which!r} is not like raw.v1 or processed.v2")
    return role, int(version)
