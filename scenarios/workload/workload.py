"""A workload as a value, and how its events are dealt out."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wavetank.scenarios.oracle.at_rest import HOUR_US
from wavetank.scenarios.workload.shapes import catalogue
from wavetank.scenarios.workload.synthetic import WorkloadEvent


@dataclass(frozen=True)
class Workload:
    """The events that flow: so many synthetic ones over so many hours, or the first ones of a mapped file.

    events: how many at most. hours: over how many hours of event time the synthetic ones spread. portions:
    they are sent in so many portions, each settled before the next, so that there are as many chunks of an
    event type. edges: the synthetic ones lie right before, at and right after full hours. conversions: some of the
    synthetic ones are conversions. source and mapping: a file of events and the TOML file that says how to read it.
    tight: the functions take and write little at a time (`scenarios.site.settings`). hot_key: all synthetic events are
    of one campaign. schemas: of which generated event types the synthetic ones are, as `generated:SEED`, or `project`;
    of the ad stream's where it is empty. shapes: names of shapes (`scenarios.workload.shapes`), whose events flow among
    the synthetic ones of the ad stream. component: what is laid over the schema folder of the ad stream and deployed
    for the run (`scenarios/components`): settings, code of its own.
    """

    events: int = 240
    hours: int = 1
    portions: int = 2
    edges: bool = False
    conversions: bool = True
    source: Path | None = None
    mapping: Path | None = None
    tight: bool = False
    hot_key: bool = False
    schemas: str = ""
    shapes: tuple[str, ...] = ()
    component: str = ""


USUAL = Workload(conversions=False)
"""The workload of a drill that names none: no conversions, which are few events and a third of all files."""
EVERY_TYPE = Workload()
FAR_APART = ("calendar",)
"""Shapes whose hours lie years apart, each of which takes a run of the planner."""
EVERY_SHAPE = Workload(events=100, shapes=tuple(name for name in catalogue.NAMES if name not in FAR_APART))
"""The workload of the basics: a few usual events, and with them those at every edge but the far ones."""


def chosen(events: Sequence[WorkloadEvent], share: float, seed: int) -> list[WorkloadEvent]:
    """A seeded share of `events`, at least one where there is any and the share is not 0."""
    if not events or share <= 0:
        return []
    number = max(1, round(len(events) * share))
    return random.Random(seed).sample(list(events), number)  # noqa: S311 - repeatable, not secret


def portions(events: Sequence[WorkloadEvent], number: int) -> list[Sequence[WorkloadEvent]]:
    """The events dealt out in `number` portions, each spread over the whole time; none of them empty."""
    dealt = [events[start::number] for start in range(number)]
    return [portion for portion in dealt if portion]


def stretches(events: Sequence[WorkloadEvent], number: int) -> list[Sequence[WorkloadEvent]]:
    """The events dealt out by `number` equal stretches of the hours that they are of, in order; none of them empty."""
    if not events:
        return []
    hours = sorted({event.time_us // HOUR_US for event in events})
    first_us, span_us = hours[0] * HOUR_US, (hours[-1] - hours[0] + 1) * HOUR_US
    dealt: list[list[WorkloadEvent]] = [[] for _ in range(number)]
    for event in events:
        dealt[(event.time_us - first_us) * number // span_us].append(event)
    return [stretch for stretch in dealt if stretch]
