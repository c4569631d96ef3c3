"""`wavetank dashboard`: the deployed dashboards, drawn from the metrics of the endpoint."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wavetank.pipeline.names import Names
from wavetank.scenarios.commands.options import AsJson, EndpointUrl, Stage, duration, file_option
from wavetank.scenarios.commands.target import connect
from wavetank.scenarios.report.escaping import echo, one_line

if TYPE_CHECKING:
    from wavetank.emulator.stack.stack import Stack
    from wavetank.scenarios.dashboard.body import Dashboard
    from wavetank.scenarios.dashboard.figures import Figures

FAILED = 1
OVERVIEW = "overview"
REFRESH_S = 15
"""Metrics are of whole minutes, and each call costs on AWS: more often would show nothing new."""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    examples = "Examples: wavetank dashboard --watch    wavetank dashboard source processing --html pipeline.html"
    app.command(epilog=examples)(dashboard)


def dashboard(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME",
            help="overview, source, processing, partitioning, concatenation, or the whole name of any other.",
            show_default=OVERVIEW,
        ),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Draw it anew in place, until Ctrl-C.")] = False,
    html: Annotated[Path | None, file_option("--html", "Write a page of HTML that stands alone.")] = None,
    last: Annotated[str, typer.Option("--last", metavar="TIME", help="So long: 90s, 15m, 3h, 2d, 1w.")] = "3h",
    as_json: AsJson = False,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
) -> None:
    """Draw dashboards that are deployed, from the metrics of the endpoint.

    In the terminal each line of a chart is a sparkline on a scale of its own, and the whole time as one value: the
    total, the mean, or the most.
    """
    from wavetank.scenarios.dashboard.body import BodyError
    from wavetank.scenarios.dashboard.span import LONGEST

    if as_json and (watch or html):
        raise typer.BadParameter("give --json, or --watch and --html")
    seconds = int(duration("--last", last, LONGEST).total_seconds())
    stack = connect(endpoint_url, stage)
    try:
        shown = list(_deployed(stack, Names.of_stage(stage), names or [OVERVIEW]))
    except BodyError as error:
        raise _failed(str(error)) from error

    def asked() -> "Figures":
        return _figures(stack, shown, seconds)

    if as_json:
        echo(json.dumps(_document(shown, asked())))
    elif html is not None:
        _write(html, shown, asked, stack.endpoint_url, watch)
    else:
        _print(shown, asked, watch)


def _deployed(stack: "Stack", names: Names, wanted: Sequence[str]) -> "Iterator[Dashboard]":
    """The dashboards of these names that are deployed, with those that go on from them. Raises typer.Exit."""
    from wavetank.scenarios.dashboard.body import read

    cloudwatch = stack.client("cloudwatch")
    pages = cloudwatch.get_paginator("list_dashboards").paginate()
    there = [entry["DashboardName"] for page in pages for entry in page.get("DashboardEntries", ())]
    chosen: dict[str, None] = {}
    for name in wanted:
        several = [names.dashboard(name, number) for number in range(1, len(there) + 1)]
        found = [each for each in several if each in there] or [each for each in there if each == name]
        if not found:
            prefix = f"{names.prefix}-"
            known = ", ".join(each.removeprefix(prefix) for each in sorted(there))
            raise _failed(f"no dashboard {name!r} is deployed; there are: {known or 'none (run `wavetank deploy`)'}")
        chosen.update(dict.fromkeys(found))
    for name in chosen:
        yield read(name, cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])


def _figures(stack: "Stack", shown: "Sequence[Dashboard]", seconds: int) -> "Figures":
    from wavetank.emulator.stack.uncontrolled import detect
    from wavetank.scenarios.dashboard.figures import ask
    from wavetank.scenarios.dashboard.span import Span

    def client(region: str) -> Any:
        return (stack if region in ("", stack.region) else stack.at(None, region)).client("cloudwatch")

    return ask(client, shown, Span.until(detect(stack).control.now(), seconds))


def _write(
    file: Path, shown: "Sequence[Dashboard]", asked: "Callable[[], Figures]", source: str, is_watched: bool
) -> None:
    """Write the page, again and again where it is watched; the browser then loads it again, too."""
    from wavetank.scenarios.dashboard.page import page

    file.parent.mkdir(parents=True, exist_ok=True)
    with suppress(KeyboardInterrupt):
        while True:
            file.write_text(page(shown, asked(), source, REFRESH_S if is_watched else None), encoding="utf-8")
            if not is_watched:
                break
            time.sleep(REFRESH_S)
    echo(one_line(f"page: {file}"), err=True)


def _print(shown: "Sequence[Dashboard]", asked: "Callable[[], Figures]", is_watched: bool) -> None:
    """Print the dashboards; in a terminal that watches, each time in the place of the last."""
    from rich.console import Group
    from rich.text import Text

    from wavetank.scenarios.dashboard.terminal import draw, glyphs_of
    from wavetank.scenarios.report.console import console

    out = console()

    def drawn() -> Group:
        figures, glyphs = asked(), glyphs_of(out.encoding)
        return Group(*(line for each in shown for line in (*draw(each, figures, out.width, glyphs), Text())))

    with suppress(KeyboardInterrupt):
        while True:
            lines = drawn()
            if is_watched and out.is_terminal:
                out.clear()
            out.print(lines)
            if not is_watched:
                break
            sys.stdout.flush()
            time.sleep(REFRESH_S)


def _document(shown: "Sequence[Dashboard]", figures: "Figures") -> dict[str, Any]:
    """The dashboards and their figures as JSON has them."""
    from wavetank.scenarios.dashboard.body import AlarmStates, Chart
    from wavetank.scenarios.dashboard.span import moment

    def of(content: object) -> dict[str, Any] | None:
        if isinstance(content, AlarmStates):
            alarms = [{"name": alarm.name, "state": alarm.state} for alarm in figures.alarms(content)]
            return {"title": content.title, "alarms": alarms}
        if not isinstance(content, Chart):
            return None
        lines = [
            {
                "label": line.label,
                "unit": line.unit,
                "summary": None if line.summary is None else dict([line.summary]),
                "points": [[moment(at).isoformat(), value] for at, value in line.points],
            }
            for line in figures.series[content]
        ]
        return {"title": content.title, "series": lines}

    return {
        "from": moment(figures.span.start).isoformat(),
        "to": moment(figures.span.end).isoformat(),
        "period_s": figures.span.period_s,
        "problems": list(figures.problems),
        "dashboards": [
            {"name": each.name, "widgets": [entry for widget in each.widgets if (entry := of(widget.content))]}
            for each in shown
        ],
    }


def _failed(message: str) -> typer.Exit:
    echo(f"error: {message}", err=True)
    return typer.Exit(FAILED)
