"""The option that says how many runs are held at a time."""

from typing import Annotated

import typer

Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        min=1,
        max=32,
        help="Run so many at a time, each on a stack of its own.",
        show_default="two for each core, at most 8",
    ),
]
