"""Options of the commands about a load: what its events are, and where the stage is."""

from typing import Annotated

import typer

EventBytes = Annotated[
    float | None,
    typer.Option(
        "--event-bytes",
        min=1,
        max=10 * 1024**2,
        metavar="B",
        help="Bytes of an event on the raw stream.",
        show_default="measured, or 1,000",
    ),
]
Aggregated = Annotated[
    int, typer.Option("--aggregated", min=1, max=10_000, metavar="N", help="Events in a record of the producers.")
]
VpcSubnets = Annotated[
    int,
    typer.Option(
        "--vpc-subnets", min=0, max=16, metavar="N", help="Dumpers are in so many subnets of a VPC, one a zone."
    ),
]
Region = Annotated[
    str | None, typer.Option("--region", metavar="NAME", help="The region.", show_default="that of the stage")
]
