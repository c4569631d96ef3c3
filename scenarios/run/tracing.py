"""Collects trail and timeline of a run from what is there after it: streams and objects know when they were written.

Nothing is watched while the run lasts but the emulator's clock, at each thing that the drill does.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from wavetank.emulator.errors import NotSettled
from wavetank.scenarios.oracle.alarms import Watched
from wavetank.scenarios.oracle.at_rest import AtRest
from wavetank.scenarios.oracle.hops import Hop
from wavetank.scenarios.oracle.observed import Trail, Version
from wavetank.scenarios.oracle.timeline import HEAL, INJECT, Axis, Notes, Strike, Timeline
from wavetank.scenarios.run.alarm_datapoints import watched
from wavetank.scenarios.run.sightings import Reader, Sighting
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.nemeses.producer import ProducerRepeats

if TYPE_CHECKING:
    from wavetank.scenarios.run.stages import Run

MOST_FIRINGS = 1_000
"""So many firings at most are in one answer of the activity log."""
MICROS_PER_MILLI = 1_000
STREAMS = (Hop.RAW, Hop.PROCESSED)


@dataclass
class Tracer:
    """The timeline of one run, made when `trace` is called; before that, `note` keeps track of the clock."""

    site: Site
    timeline: Timeline | None = None
    _notes: list[tuple[float, float]] = field(default_factory=list)

    def note(self) -> None:
        """Keep what the emulator's clock says now. A stack that does not answer has no time to keep."""
        with suppress(Exception):
            self._notes.append((time.monotonic(), self.site.now().timestamp()))

    def trace(self, run: "Run") -> None:
        """Read when events arrived at each hop and when faults struck. Whatever fails is told by the timeline.

        The run gets its trail, if all of it could be read.
        """
        now_s, duration_s = time.monotonic(), run.elapsed()
        began = now_s - duration_s
        axis = Axis(time.time() - duration_s, tuple((at - began, emulator) for at, emulator in self._notes))
        history, notes, strikes, problem = run.history, Notes(), tuple[Strike, ...](), ""
        sightings: list[Sighting] = []
        alarms: tuple[Watched, ...] = ()
        for operation in history.operations:
            notes.add(operation.completed_s, Hop.SENT, operation.event_type)
        try:
            strikes = tuple(_strikes(run, axis))
            reader = Reader(self.site, history, run.at_rest or AtRest())
            first_s = first_of(self._notes)
            sightings += reader.streams(datetime.fromtimestamp(first_s, UTC))
            sightings += reader.objects()
            with suppress(NotSettled):
                self.site.report()
            alarms = watched(self.site, first_s, self.site.now().timestamp())
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        for sighting in sightings:
            at_s = (axis.of_emulator if sighting.hop in STREAMS else axis.of_wall)(sighting.moment_s)
            notes.add(at_s, sighting.hop, sighting.event_type, sighting.events)
        self.timeline = Timeline(duration_s, history.marks, notes.arrivals(), strikes, problem)
        if not problem:
            run.trail = replace(_trail(sightings, self.timeline), alarms=alarms)


def first_of(notes: Iterable[tuple[float, float]]) -> float:
    """The earliest that the emulator's clock said: of one that was moved on and started anew not the first."""
    return min(emulator for _, emulator in notes)


def _trail(sightings: Iterable[Sighting], timeline: Timeline) -> Trail:
    ids: defaultdict[tuple[str, Hop], set[str]] = defaultdict(set)
    shards: defaultdict[tuple[str, Hop, str], list[Version]] = defaultdict(list)
    for sighting in sightings:
        ids[sighting.event_type, sighting.hop].update(head.event_id for head in sighting.heads)
        if sighting.hop in STREAMS:
            versions = ((head.event_id, head.time_us // MICROS_PER_MILLI) for head in sighting.heads)
            shards[sighting.event_type, sighting.hop, sighting.place] += versions
    courses: defaultdict[tuple[str, Hop], list[tuple[Version, ...]]] = defaultdict(list)
    for (event_type, hop, _), came in shards.items():
        courses[event_type, hop].append(tuple(came))
    seen = {place: frozenset(some) for place, some in ids.items()}
    ordered = {place: tuple(some) for place, some in courses.items()}
    return Trail(seen, ordered, timeline.first(HEAL), timeline.converged_s)


def _strikes(run: "Run", axis: Axis) -> Iterator[Strike]:
    """What the activity log tells of the drill's faults; what the drill does itself struck when it was set up."""
    faults = {nemesis.id for nemesis in run.drill.nemeses if isinstance(nemesis, Fault)}
    for firing in _firings(run.site.stack.control):
        at_s = axis.of_emulator(firing["at"]) if "at" in firing else 0.0
        if firing["fault"] in faults and at_s >= 0:
            yield Strike(at_s, firing["fault"])
    began = next((mark.at_s for mark in run.marks if mark.what == INJECT), 0.0)
    for nemesis in run.drill.nemeses:
        if isinstance(nemesis, ProducerRepeats):
            for at_s in sorted({operation.invoked_s for operation in run.operations if operation.repeat}):
                yield Strike(at_s, nemesis.id)
        elif not isinstance(nemesis, Fault):
            yield Strike(began, nemesis.id)


def _firings(control: Any) -> Iterator[dict[str, Any]]:
    some = control.activity()
    while some:
        yield from some
        some = control.activity(some[-1]["number"]) if len(some) >= MOST_FIRINGS else []
