"""`wavetank trace`: where one event has been, hop by hop, and its fate."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from wavetank.scenarios.commands.observability.places import now_of
from wavetank.scenarios.commands.options import AsJson, EndpointUrl, Stage
from wavetank.scenarios.commands.options import since as since_option
from wavetank.scenarios.commands.target import pipeline_at
from wavetank.scenarios.report.escaping import echo, one_line

if TYPE_CHECKING:
    from wavetank.scenarios.observability.trace.model import Step, Trace
    from wavetank.scenarios.site.site import Site

LOST, NOT_SEEN = 1, 3
USUAL_SINCE = "7d"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog="Example: wavetank trace 3f0c9a7e-1 --event-type click --since 2d")(trace)


def trace(
    event_id: Annotated[str, typer.Argument(metavar="EVENT_ID", help="The event's id.")],
    event_type: Annotated[
        str | None, typer.Option("--event-type", help="Of this event type.", show_default="all")
    ] = None,
    since: Annotated[
        str, typer.Option("--since", help="Look at what came from this time on, or so long ago: 6h, 2d.")
    ] = USUAL_SINCE,
    streams: Annotated[
        bool, typer.Option("--streams/--no-streams", help="Read the streams, which those who process them share.")
    ] = True,
    as_json: AsJson = False,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
) -> None:
    """Say where an event has been, hop by hop, and what became of it; all of its copies.

    It is looked for in id indexes, merged files, parts, chunks and quarantine, on the streams around the time at which
    it came, and in the logs. Exit code 1 where it is lost, 3 where it was seen nowhere.
    """
    from wavetank.scenarios.observability.trace.model import Fate

    site = pipeline_at(endpoint_url, stage)
    if event_type is not None:
        site.topology.event(event_type)
    traces = list(traced(site, event_id, since, event_type=event_type, streams=streams))
    seen = [each for each in traces if each.fate is not Fate.UNSEEN] or traces
    if as_json:
        echo(json.dumps([each.document() for each in seen], ensure_ascii=False))
    for each in [] if as_json else seen:
        echo("\n".join(in_words(each)))
    fates = {each.fate for each in seen}
    if Fate.LOST in fates:
        raise typer.Exit(LOST)
    if fates == {Fate.UNSEEN}:
        raise typer.Exit(NOT_SEEN)


def traced(
    site: "Site", event_id: str, since: str, *, event_type: str | None = None, streams: bool = True
) -> Iterator["Trace"]:
    """The traces of an event in each event type, or in one; how far the search is goes to standard error."""
    from wavetank.scenarios.observability.trace import search

    start = since_option("--since", since, now_of(site.stack))
    for event in site.topology.events:
        if event_type in (None, event.name):
            yield search.trace(site, event.name, event_id, start, say=_say, on_streams=streams)


def in_words(trace: "Trace") -> Iterator[str]:
    """A trace for people: its fate, then a line a step, and what cannot be told."""
    yield one_line(f"{trace.event_type} {trace.event_id}: {trace.fate}")
    yield one_line(f"  {trace.reason}")
    if trace.remedy:
        yield one_line(f"  try: {trace.remedy}")
    for step in trace.steps:
        at = "" if step.at is None else step.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        yield one_line(f"  {step.hop:<16} {at:<24}  {step.place}  {step.position}".rstrip())
        request = f"request {step.request}" if step.request else ""
        if more := "; ".join(part for part in (step.note, request, _enriched(step)) if part):
            yield one_line(f"  {'':<41}  {more}")
    for sentence in trace.untold:
        yield one_line(f"  cannot be told: {sentence}")


def _enriched(step: "Step") -> str:
    """With which reference data the event has been enriched there, in words; empty where it does not say."""
    from wavetank.pipeline.reference.index import BEGINNING_US
    from wavetank.scenarios.client.reference.words import time_of

    if step.enriched_as_of is None:
        return ""
    return f"enriched as of {'the beginning' if step.enriched_as_of == BEGINNING_US else time_of(step.enriched_as_of)}"


def _say(sentence: str) -> None:
    echo(one_line(sentence), err=True)
