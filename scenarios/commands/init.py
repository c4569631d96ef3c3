"""`wavetank init`: a new project."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from wavetank.scenarios.report.escaping import echo, one_line

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder; it is made where it is not there.")]
SAMPLE, MAPPING = "samples/visit.ndjson", "mappings/visit.toml"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog="Example: wavetank init my-pipeline")(init)


def init(folder: Folder) -> None:
    """Write a new project: an event type with sample lines, a test, a compose file and a workflow.

    No file that is there is written over.
    """
    from wavetank.scenarios.starter.project import write

    project = write(folder)
    for file in project.files:
        echo(one_line(f"wrote  {folder / file}"))
    for file in project.kept:
        echo(one_line(f"kept   {folder / file}, which was there"), err=True)
    here = project.folder == Path.cwd()
    steps = [f"cd {shlex.quote(str(folder))} && wavetank up" if not here else "wavetank up"]
    steps += [f"wavetank feed {SAMPLE} --mapping {MAPPING} && wavetank tick", "wavetank drill --tag basics"]
    echo(one_line(f"\n{project.name} is a project now. Next:".strip()))
    for step in steps:
        echo(one_line(f"  {step}"))
