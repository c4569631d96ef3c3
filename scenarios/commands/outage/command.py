"""`wavetank outage begin | end | status`: the mode of a stage in an outage that lasts longer than its look-back."""

import json
from typing import Annotated

import typer

from wavetank.scenarios.commands.options import AsJson, EndpointUrl, Stage
from wavetank.scenarios.commands.target import pipeline_at
from wavetank.scenarios.report.escaping import echo, one_line

FAILED = 1


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(
        help="Keep records for a week while an outage lasts, and go back to the usual settings after it."
    )
    group.command(epilog="Example: wavetank outage begin --stage production")(begin)
    group.command(epilog="Example: wavetank outage end --stage production")(end)
    group.command(epilog="Example: wavetank outage status --json")(status)
    app.add_typer(group, name="outage")


def begin(endpoint_url: EndpointUrl = None, stage: Stage = None) -> None:
    """Keep records for seven days, try failing batches for six of them, and merge hours as old as that.

    Acts on what is deployed, under traffic, by one parameter of its CloudFormation stacks: neither code nor schemas are
    deployed. Done again it does nothing. A deployment in between leaves the mode in force.
    """
    from wavetank.scenarios.site import outage

    changed = outage.begin(pipeline_at(endpoint_url, stage))
    echo(one_line(f"in outage mode; changed: {', '.join(changed) or 'nothing, it was before'}"))


def end(
    accept_late: Annotated[
        bool, typer.Option("--accept-late", help="Though something is behind, which would be late or lost then.")
    ] = False,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
) -> None:
    """Go back to the settings of the files, once all is caught up with; exit code 1, and what is behind, before."""
    from wavetank.scenarios.site import outage

    changed = outage.end(pipeline_at(endpoint_url, stage), accept_late=accept_late)
    echo(one_line(f"out of outage mode; changed: {', '.join(changed) or 'nothing, it was before'}"))


def status(as_json: AsJson = False, endpoint_url: EndpointUrl = None, stage: Stage = None) -> None:
    """Say whether the stage is in outage mode, what holds, and what is behind; exit code 1 where something is."""
    from wavetank.emulator.deploy.outage import is_on
    from wavetank.scenarios.site import outage

    site = pipeline_at(endpoint_url, stage)
    is_in_force, there, behind = is_on(site.stack, site.names), outage.settings(site), list(outage.left_behind(site))
    if as_json:
        echo(json.dumps({"outage": is_in_force, "settings": dict(there), "behind": behind}))
    else:
        echo("in outage mode" if is_in_force else "not in outage mode")
        for name, value in there.items():
            echo(one_line(f"  {name}: {json.dumps(value)}"))
        for sentence in behind or ["nothing is behind"]:
            echo(one_line(sentence))
    if behind:
        raise typer.Exit(FAILED)
