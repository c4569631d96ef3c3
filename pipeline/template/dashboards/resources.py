"""The dashboards as CloudFormation resources, by their stacks. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import batched
from typing import Any

from wavetank.pipeline.template.dashboards.components import Components
from wavetank.pipeline.template.dashboards.overview import overview
from wavetank.pipeline.template.dashboards.widgets import Note, Widget, body
from wavetank.pipeline.template.logical import logical
from wavetank.pipeline.topology import EventType, Topology

Resources = dict[str, dict[str, Any]]

MOST_ROWS = 50
"""Event types of one dashboard: so many still fit into a template, with names of any length. The next has the rest."""
MOST_IN_OVERVIEW = 100
"""Event types of one overview: with more it would have more metrics than CloudWatch takes."""
ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")


def dashboards(deployed: Topology, others: Resources) -> dict[str, Resources]:
    """All dashboards, by their CloudFormation stack. `others`: what else is deployed, whose alarms are shown."""
    names = deployed.names
    stacks: dict[str, Resources] = {}
    for component, number, events, rows in _contents(deployed, tuple(_alarms(others))):
        name, of_all = names.dashboard(component, number), len(events) == len(deployed.events)
        which = "" if of_all else f" Event types {events[0].name} to {events[-1].name}."
        text = body([[Note(f"# {name}\n{ABOUT[component]}{which}")], *rows])
        stacks.setdefault(names.dashboards_stack(number), {})[_logical(component, number)] = {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {"DashboardName": name, "DashboardBody": {"Fn::Sub": text}},
        }
    return stacks


def _contents(
    deployed: Topology, alarms: Sequence[str]
) -> Iterator[tuple[str, int, tuple[EventType, ...], Iterable[Sequence[Widget]]]]:
    """Each dashboard: what it shows, which of several it is, its event types, and its rows."""
    for number, events in enumerate(batched(deployed.events, MOST_IN_OVERVIEW, strict=False), start=1):
        databases = deployed.databases if number == 1 else ()
        yield "overview", number, events, overview(deployed.names, events, alarms, databases)
    for number, events in enumerate(batched(deployed.events, MOST_ROWS, strict=False), start=1):
        shown = Components(deployed.names, events)
        yield "source", number, events, shown.source()
        yield "processing", number, events, shown.processing()
        yield "partitioning", number, events, shown.partitioning()
        yield "concatenation", number, events, shown.concatenation()


def _logical(component: str, number: int) -> str:
    return f"{logical(component)}Dashboard{'' if number == 1 else number}"


ABOUT = {
    "overview": "All event types together, from the raw streams to the merged files.",
    "source": "What producers put on the raw streams, and how far behind its reader is.",
    "processing": "The processors: what became of each record, and how long it took.",
    "partitioning": "From the processed streams over chunks to parts.",
    "concatenation": "The hourly merge of parts: what was planned, merged, and came too late.",
}
"""What each dashboard shows."""


def _alarms(resources: Resources) -> Iterator[str]:
    """The names of alarms; of those that a composite alarm reads, only the composite one."""
    alarms = [each["Properties"] for each in resources.values() if each["Type"] in ALARMS]
    rules = " ".join(str(alarm["AlarmRule"]) for alarm in alarms if "AlarmRule" in alarm)
    for alarm in alarms:
        if f'"{alarm["AlarmName"]}"' not in rules:
            yield alarm["AlarmName"]
