"""`wavetank reference list | show | dump | diff`: reference data as they are published, and published now."""

import typer

from wavetank.scenarios.commands.reference.description import show
from wavetank.scenarios.commands.reference.difference import diff
from wavetank.scenarios.commands.reference.dumping import dump
from wavetank.scenarios.commands.reference.overview import list_

reference = typer.Typer(help="Reference data that events are enriched with.", no_args_is_help=True)
reference.command("list", epilog="Example: wavetank reference list --json")(list_)
reference.command(epilog="Examples: wavetank reference show campaigns --rows 5    … show campaigns --key men")(show)
reference.command(epilog="Example: wavetank reference dump campaigns")(dump)
reference.command(epilog="Examples: wavetank reference diff campaigns    … diff campaigns 1 3    … 6h    … 3f2a9c")(
    diff
)


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(reference, name="reference")
