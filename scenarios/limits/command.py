"""`wavetank limits`: the quotas that a stage meets under a load, which bites first, and which a stack enforces."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from wavetank.scenarios.commands.options import AsJson, EndpointUrl, Stage
from wavetank.scenarios.flow.options import Aggregated, EventBytes, Region, VpcSubnets
from wavetank.scenarios.report.escaping import echo

if TYPE_CHECKING:
    from wavetank.scenarios.limits.report import Assessment

EXCEEDED = 1
"""Exit code where the load exceeds a limit."""
EVENTS_PER_S = 100.0

EventsPerS = Annotated[
    float, typer.Option("--events-per-s", min=0, max=1e9, metavar="N", help="Events of all types, at the peak.")
]
Consumers = Annotated[
    int, typer.Option("--consumers", min=0, metavar="N", help="Enhanced fan-out consumers of each event type.")
]
Quotas = Annotated[
    list[str] | None,
    typer.Option(
        "--quota", metavar="NAME=VALUE", help="A quota of your account other than the default; again for another."
    ),
]
Enforce = Annotated[
    list[str] | None,
    typer.Option(
        "--enforce",
        metavar="NAME[=VALUE]",
        help="Have the stack hold its account to a limit, AWS's or a lower value; `none` for no limit.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(
        epilog="Examples: wavetank limits --events-per-s 5000 --event-bytes 800; "
        "wavetank limits --enforce account-concurrency=20; wavetank limits --enforce none"
    )(limits)


def limits(
    events_per_s: EventsPerS = EVENTS_PER_S,
    event_bytes: EventBytes = None,
    aggregated: Aggregated = 1,
    consumers: Consumers = 0,
    region: Region = None,
    vpc_subnets: VpcSubnets = 0,
    quota: Quotas = None,
    enforce: Enforce = None,
    as_json: AsJson = False,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
) -> None:
    """Tell which quotas of AWS the stage meets under a load: need, headroom, and the load at which each bites.

    The exit code is 1 where the load exceeds one. With --enforce nothing is told: the emulator holds the account to
    these limits from then on, and refuses what is beyond them as AWS does.
    """
    if enforce:
        _enforce(enforce, endpoint_url, stage)
        return
    from wavetank.scenarios.flow.flow import Load
    from wavetank.scenarios.flow.stage import package_bytes, stage_under
    from wavetank.scenarios.limits import report
    from wavetank.scenarios.limits.limits import stage_limits

    raised = _quotas(quota or [])
    load = Load(events_per_s, aggregated, consumers)
    under = stage_under(load, event_bytes, stage=stage, endpoint_url=endpoint_url, vpc_subnets=vpc_subnets)
    there = region or under.region
    assessment = report.Assessment(
        limits=stage_limits(under.case, there, raised, package_bytes(under.topology)),
        events_per_s=events_per_s,
        region=there,
        measured_on=under.measured_on,
        enforced=under.enforced,
    )
    if as_json:
        echo(json.dumps(report.document(assessment)))
    else:
        _show(assessment)
    if assessment.exceeded:
        raise typer.Exit(EXCEEDED)


def _show(assessment: "Assessment") -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from wavetank.scenarios.limits import report
    from wavetank.scenarios.report.console import literal, unfolded

    echo("\n".join(report.summary(assessment)))
    headings, *rows = report.rows(assessment)
    grid = Table(*headings, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        grid.add_row(*map(literal, row))
    unfolded().print(grid)
    echo("\n".join(report.findings(assessment)))


def _quotas(given: list[str]) -> dict[str, float]:
    """The values of `--quota`, by name. Raises BadParameter."""
    from wavetank.scenarios.limits.quotas import QUOTAS

    values = {}
    for each in given:
        name, _, value = each.partition("=")
        if name not in {quota.name for quota in QUOTAS}:
            names = ", ".join(quota.name for quota in QUOTAS)
            raise typer.BadParameter(f"--quota {each}: there is no quota {name!r}; there are: {names}")
        values[name] = _number("--quota", each, value)
    return values


def _number(option: str, given: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = -1
    if not 0 < number < float("inf"):
        raise typer.BadParameter(f"{option} {given}: its value is a number greater than 0, as in {option} NAME=20")
    return number


def _enforce(given: list[str], endpoint_url: str | None, stage: str | None) -> None:
    """Have the stack enforce the limits that are given, and no others with `none` before them."""
    from wavetank.scenarios.commands.target import connect

    control = connect(endpoint_url, stage).control
    for each in given:
        name, sign, value = each.partition("=")
        if each == "none":
            control.release_limits()
        else:
            control.enforce_limit(name, _number("--enforce", each, value) if sign else None)
    enforced = control.limits()
    for limit in enforced:
        if limit["value"] is not None:
            echo(f"{limit['name']}: {limit['value']:,.6g} {limit['unit']}")
    if all(limit["value"] is None for limit in enforced):
        echo("no limit is enforced")
