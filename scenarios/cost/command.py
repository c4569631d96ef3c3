"""`wavetank cost`: the monthly cost of a stage under a load, and what would change the largest lines of it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from wavetank.scenarios.commands.options import AsJson, EndpointUrl, Stage
from wavetank.scenarios.flow.options import Aggregated, EventBytes, Region, VpcSubnets
from wavetank.scenarios.report.escaping import echo

EVENTS_PER_DAY = 1_000_000.0
KEPT_DAYS = 365.0

EventsPerDay = Annotated[float, typer.Option("--events-per-day", min=0, metavar="N", help="Events of all types.")]
Consumers = Annotated[
    int, typer.Option("--consumers", min=0, max=50, metavar="N", help="Enhanced fan-out consumers of each event type.")
]
KeptDays = Annotated[
    float, typer.Option("--kept-days", min=0, metavar="N", help="For so many days data at rest have been kept.")
]
PricesFile = Annotated[
    Path | None,
    typer.Option("--prices", dir_okay=False, metavar="FILE", help="A price list of your own.", show_default=False),
]
FreeTier = Annotated[
    bool, typer.Option("--free-tier", help="Less what costs nothing each month, where the account has nothing else.")
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(
        epilog="Example: wavetank cost --events-per-day 50000000 --event-bytes 600 --region eu-central-1 --json"
    )(cost)


def cost(
    events_per_day: EventsPerDay = EVENTS_PER_DAY,
    event_bytes: EventBytes = None,
    aggregated: Aggregated = 1,
    consumers: Consumers = 0,
    kept_days: KeptDays = KEPT_DAYS,
    prices: PricesFile = None,
    region: Region = None,
    vpc_subnets: VpcSubnets = 0,
    free_tier: FreeTier = False,
    as_json: AsJson = False,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
) -> None:
    """Tell what the stage costs a month under a load, by component and service, and what would change that.

    Ratios (bytes, milliseconds, log bytes, sizes at rest) are measured on the stack that is up, over the last day;
    where none is, or nothing flowed, they are the defaults of the model. The answer says which is which.
    """
    from wavetank.scenarios.cost import report
    from wavetank.scenarios.cost.bill import Bill, bill, usages
    from wavetank.scenarios.cost.findings import findings
    from wavetank.scenarios.cost.prices import read
    from wavetank.scenarios.flow.flow import DAY_S, Case, Load
    from wavetank.scenarios.flow.stage import stage_under
    from wavetank.scenarios.report.console import unfolded

    listed = read(prices)
    load = Load(events_per_day / DAY_S, aggregated, consumers)
    under = stage_under(load, event_bytes, stage=stage, endpoint_url=endpoint_url, vpc_subnets=vpc_subnets)
    regional = listed.in_region(region or under.region)

    def billed(case: Case) -> Bill:
        return bill(usages(case, kept_days), regional, free=free_tier)

    whole = billed(under.case)
    found = list(findings(under.case, billed, whole.items()[: report.BIGGEST]))
    estimate = report.Estimate(
        case=under.case,
        bill=whole,
        findings=found,
        prices=regional,
        kept_days=kept_days,
        measured_on=under.measured_on,
        sums=under.sums,
    )
    if as_json:
        echo(json.dumps(report.document(estimate)))
        return
    echo("\n".join(report.summary(estimate)))
    from rich.box import SIMPLE_HEAD
    from rich.table import Column, Table

    headings, *rows, sums = report.table(whole)
    grid = Table(
        *(Column(heading, justify="right" if heading != headings[0] else "left", footer=amount)
          for heading, amount in zip(headings, sums, strict=True)),
        box=SIMPLE_HEAD,
        pad_edge=False,
        show_footer=True,
    )  # fmt: skip
    for row in rows:
        grid.add_row(*row)
    unfolded().print(grid)
    echo("\n".join([*report.biggest(estimate), *report.remarks(estimate)]))
