"""`wavetank triage`: is it us or the provider, what changed last, and what to try first."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from wavetank.scenarios.commands.observability.places import now_of
from wavetank.scenarios.commands.options import AsJson, EndpointUrl, Stage, duration
from wavetank.scenarios.commands.target import pipeline_at
from wavetank.scenarios.report.escaping import echo, one_line

if TYPE_CHECKING:
    from wavetank.scenarios.observability.triage.model import Change, Finding, Situation

SOMETHING_WRONG = 1
SHOWN_OF_A_KIND = 3


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog="Example: wavetank triage --last 3h")(triage)


def triage(
    last: Annotated[str, typer.Option("--last", help="Look at so much of the past: 15m, 3h, 1d.")] = "1h",
    as_json: AsJson = False,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
) -> None:
    """Say of each service whether it or the pipeline is in trouble, what changed last, and what to try first.

    From metrics, logs and alarms, and by a cheap call of each service. Exit code 1 where something is wrong.
    """
    from wavetank.scenarios.dashboard.span import LONGEST
    from wavetank.scenarios.observability.triage.reading import situation
    from wavetank.scenarios.observability.triage.rules import findings

    site = pipeline_at(endpoint_url, stage)
    now = now_of(site.stack)
    read = situation(site, now, duration("--last", last, LONGEST))
    troubles = findings(read)
    if as_json:
        echo(json.dumps({"findings": [each.document() for each in troubles], **read.document()}, ensure_ascii=False))
    else:
        echo("\n".join(map(one_line, in_words(read, troubles))))
    if troubles:
        raise typer.Exit(SOMETHING_WRONG)


def in_words(read: "Situation", troubles: Collection["Finding"]) -> Iterator[str]:
    """A triage for people: the services side by side, what changed, what rings, and what to try."""
    from wavetank.scenarios.observability.triage.model import Dependency, Kind

    kinds = (Kind.WORK, Kind.ERRORS, Kind.THROTTLES, Kind.AGE)
    heads = ("did", "errors", "throttles", "oldest s")
    yield f"{'':<12} {'answer ms':>12} {'in logs':>9}" + "".join(f" {head:>10}" for head in heads)
    for dependency in Dependency:
        probe = next((each for each in read.probes if each.dependency is dependency), None)
        answer = "" if probe is None else probe.error or f"{probe.took_ms:,.0f}"
        logged = sum(failure.times for failure in read.failures if failure.dependency is dependency)
        cells = []
        for kind in kinds:
            some = [each for each in read.readings if each.dependency is dependency and each.kind is kind]
            values = [each.value for each in some if each.value is not None]
            whole = (max if kind is Kind.AGE else sum)(values) if values else None
            cells.append("-" if whole is None else f"{whole:,.0f}{'!' if any(each.is_bad for each in some) else ''}")
        yield f"{dependency:<12} {answer:>12} {logged:>9,}" + "".join(f" {cell:>10}" for cell in cells)
    yield "changed last:"
    for change in sorted(_newest(read.changes), key=lambda change: change.at, reverse=True):
        yield f"  {change.at:%Y-%m-%dT%H:%M:%SZ}  {change.kind:<9} {change.what}"
    for alarm in read.alarms:
        yield f"rings: {alarm.name} since {alarm.since:%Y-%m-%dT%H:%M:%SZ}: {alarm.reason}"
    for trouble in troubles:
        yield f"{trouble.side}: {trouble.sentence}"
        if trouble.command:
            yield f"  try: {trouble.command}"
    if not troubles:
        yield "nothing is wrong as far as can be seen"


def _newest(changes: Iterable["Change"]) -> Iterator["Change"]:
    """The newest changes of each kind, of some that are in order."""
    counts: Counter[str] = Counter()
    for change in changes:
        counts[change.kind] += 1
        if counts[change.kind] <= SHOWN_OF_A_KIND:
            yield change
