"""Collects flow and timeline of a run from what is there after it: streams and objects know when they were written.

Nothing is watched while the run lasts but the emulator's clock, at each thing that the drill does.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from wavetank.emulator.errors import NotSettled
from wavetank.scenarios.oracle.alarms import Watched, WatchedComposite
from wavetank.scenarios.oracle.at_rest import AtRest
from wavetank.scenarios.oracle.evidence import Copies, ObservedFlow, Version
from wavetank.scenarios.oracle.hops import Hop
from wavetank.scenarios.oracle.timeline import HEAL, INJECT, Axis, Notes, Strike, Timeline
from wavetank.scenarios.run.alarm_datapoints import watched
from wavetank.scenarios.run.copies import copies_of, dropped_so_far
from wavetank.scenarios.run.sightings import HopArrivals, TraceReader
from wavetank.scenarios.run.stages import Run
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.nemeses.producer import ProducerRepeats

MOST_FIRINGS = 1_000
"""So many firings at most are in one answer of the activity log."""
MICROS_PER_MILLI = 1_000
STREAMS = (Hop.RAW, Hop.PROCESSED)
NOTED_S = 0.01
"""A mark is rounded to milliseconds, and the clock looked at after it."""


@dataclass
class Tracer:
    """The timeline of one run, made when `trace` is called; before that, `note` keeps track of the clock."""

    site: Site
    timeline: Timeline | None = None
    _dropped_before: Counter[str] = field(default_factory=Counter)
    _notes: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        with suppress(Exception):
            self._dropped_before = dropped_so_far(self.site)

    def note(self) -> None:
        """Keep the time of the emulator's clock. A stack that does not answer has no time to keep."""
        with suppress(Exception):
            self._notes.append((time.monotonic(), self.site.now().timestamp()))

    def trace(self, run: Run) -> None:
        """Read when events arrived at each hop and when faults struck. Whatever fails is told by the timeline.

        The run gets the observed flow, if all of it could be read.
        """
        now_s, duration_s = time.monotonic(), run.steps.elapsed()
        began = now_s - duration_s
        axis = Axis(time.time() - duration_s, tuple((at - began, emulator) for at, emulator in self._notes))
        history, notes, strikes, problem = run.steps.history, Notes(), tuple[Strike, ...](), ""
        arrivals: list[HopArrivals] = []
        alarms: tuple[Watched | WatchedComposite, ...] = ()
        copies: Mapping[str, Mapping[Version, Copies]] = {}
        dropped: Mapping[str, int] = {}
        for operation in history.operations:
            notes.add(operation.completed_s, Hop.SENT, operation.event_type)
        try:
            strikes = tuple(_strikes(run, axis))
            reader = TraceReader(self.site, history, run.at_rest or AtRest())
            first_s = first_of(self._notes)
            arrivals += reader.streams(datetime.fromtimestamp(first_s, UTC))
            arrivals += reader.objects()
            with suppress(NotSettled):
                self.site.report()
            self.note()
            until_s = self.site.now().timestamp()
            alarms = watched(self.site, first_s, until_s, self._notes, self._healed_s(run) if run.drill.gaps else 0.0)
            dropped = dropped_so_far(self.site) - self._dropped_before
            copies = copies_of(arrivals, self.site.topology.events)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        for some in arrivals:
            notes.add(axis.of_emulator(some.moment_s), some.hop, some.event_type, some.events)
        self.timeline = Timeline(duration_s, history.marks, notes.arrivals(), strikes=strikes, problem=problem)
        if not problem:
            run.flow = replace(_observed(arrivals, self.timeline, alarms), processed=copies, dropped=dropped)

    def _healed_s(self, run: Run) -> float:
        """Emulator time at the healing."""
        began = time.monotonic() - run.steps.elapsed()
        healed = next(mark.at_s for mark in run.steps.marks if mark.what == HEAL)
        return next(emulator for steady, emulator in self._notes if steady >= began + healed - NOTED_S)


def first_of(notes: Iterable[tuple[float, float]]) -> float:
    """The earliest that the emulator's clock said: of one that was moved on and started anew not the first."""
    return min(emulator for _, emulator in notes)


def _observed(
    arrivals: Iterable[HopArrivals], timeline: Timeline, alarms: tuple[Watched | WatchedComposite, ...]
) -> ObservedFlow:
    ids: defaultdict[tuple[str, Hop], set[str]] = defaultdict(set)
    shards: defaultdict[tuple[str, Hop, str], list[Version]] = defaultdict(list)
    for some in arrivals:
        ids[some.event_type, some.hop].update(head.event_id for head in some.heads)
        if some.hop in STREAMS:
            versions = ((head.event_id, head.time_us // MICROS_PER_MILLI) for head in some.heads)
            shards[some.event_type, some.hop, some.place] += versions
    by_stream: defaultdict[tuple[str, Hop], list[tuple[Version, ...]]] = defaultdict(list)
    for (event_type, hop, _), of_shard in shards.items():
        by_stream[event_type, hop].append(tuple(of_shard))
    return ObservedFlow(
        seen={place: frozenset(of_place) for place, of_place in ids.items()},
        arrivals={stream: tuple(of_shards) for stream, of_shards in by_stream.items()},
        healed_s=timeline.first(HEAL),
        changed_s=timeline.converged_s,
        alarms=alarms,
    )


def _strikes(run: Run, axis: Axis) -> Iterator[Strike]:
    """The strikes of the drill's faults by the activity log; other nemeses struck when they were set up."""
    faults = {nemesis.id for nemesis in run.drill.nemeses if isinstance(nemesis, Fault)}
    control = run.site.stack.control
    firings = control.activity()
    while firings:
        for firing in firings:
            at_s = axis.of_emulator(firing["at"]) if "at" in firing else 0.0
            if firing["fault"] in faults and at_s >= 0:
                yield Strike(at_s, firing["fault"])
        firings = control.activity(firings[-1]["number"]) if len(firings) >= MOST_FIRINGS else []
    began = next((mark.at_s for mark in run.steps.marks if mark.what == INJECT), 0.0)
    for nemesis in run.drill.nemeses:
        if isinstance(nemesis, ProducerRepeats):
            for at_s in sorted({operation.invoked_s for operation in run.steps.operations if operation.repeat}):
                yield Strike(at_s, nemesis.id)
        elif not isinstance(nemesis, Fault):
            yield Strike(began, nemesis.id)
