"""`wavetank rights`: which rights of the pipeline's roles were used, and which of them nothing ever used."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from wavetank.scenarios.commands.options import AsJson, EndpointUrl
from wavetank.scenarios.commands.target import connect
from wavetank.scenarios.report.escaping import echo

NOT_AS_LISTED = 1
"""Exit code where a right that nothing used is not listed as such, or one that is listed was used."""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog="Example: wavetank rights --all --json")(rights)


def rights(
    used: Annotated[
        list[Path] | None,
        typer.Option(help="Files that stacks wrote to (WAVETANK_RIGHTS=FILE); without one, a running stack is asked."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were used.")] = False,
    as_json: AsJson = False,
    endpoint_url: EndpointUrl = None,
) -> None:
    """List the rights that the pipeline's template gives and nothing used, with the resource each is given on.

    The exit code is 1 where they are not those that pipeline/template/rights.toml allows, each with its reason.
    """
    from wavetank.emulator.deploy.deploy import plan
    from wavetank.emulator.stack.clients import ACCOUNT, REGION
    from wavetank.pipeline.template.logical import logical
    from wavetank.pipeline.template.render import whole
    from wavetank.pipeline.template.rights import listed, rights_of
    from wavetank.scenarios.exploration.rights import Deployed, counted, read, table, uses_of

    planned = plan()
    template, types = whole(planned), {logical(event.name): event.name for event in planned.events}
    if used:
        times, deployed = read(used), Deployed(template, types, ACCOUNT, REGION, planned.databases)
    else:
        stack = connect(endpoint_url)
        times = counted(stack.control.authority()["used"])
        deployed = Deployed(template, types, stack.account, stack.region, planned.databases)
    uses = uses_of(rights_of(template), times, deployed, listed())
    shown = uses if everything else [use for use in uses if not use.times or use.reason]
    echo(json.dumps([asdict(use) for use in shown]) if as_json else table(shown))
    if not all(use.is_as_listed for use in uses):
        raise typer.Exit(NOT_AS_LISTED)
