"""The events of a run on one axis, in seconds since it began: plain values that `scenarios.report.timeline_svg` draws.

Times are told by the emulator's clock, which a drill moves on; an `Axis` puts them on the run's own.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wavetank.scenarios.oracle.history import Mark
from wavetank.scenarios.oracle.hops import Hop

HEAL = "heal"
INJECT = "inject"


@dataclass(frozen=True, slots=True)
class Axis:
    """Puts times on the axis of a run. notes: (seconds since the run began, emulator time then), in order."""

    began_wall_s: float
    notes: tuple[tuple[float, float], ...] = ()

    def of_emulator(self, time_s: float) -> float:
        """The place of a time of the emulator's clock; for a time that the clock jumped over that of the jump.

        Without notes that clock is the wall's (seconds since the epoch).
        """
        if not self.notes:
            return time_s - self.began_wall_s
        before = [note for note in self.notes if note[1] <= time_s] or [self.notes[0]]
        at_s, emulator_s = before[-1]
        after = self.notes[len(before)] if before[-1] != self.notes[-1] else None
        place_s = at_s + time_s - emulator_s
        return place_s if after is None else min(place_s, after[0])


@dataclass(frozen=True, slots=True)
class Arrival:
    """Some events of one type that arrived at a hop together, `at_s` seconds after the run began."""

    at_s: float
    hop: Hop
    event_type: str
    events: int = 1


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault that struck so many times at one moment."""

    at_s: float
    fault: str
    times: int = 1


@dataclass(frozen=True)
class Timeline:
    """A run up to the moment at which the data at rest were read. problem: why arrivals are missing, if they are."""

    duration_s: float
    marks: tuple[Mark, ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    strikes: tuple[Strike, ...] = ()
    problem: str = ""

    @property
    def seconds(self) -> int:
        """The length in whole seconds that hold all of it, at least one."""
        return max(1, math.ceil(self.duration_s))

    def rates(self, hop: Hop) -> list[int]:
        """Events that arrived at `hop` in each second of the run."""
        counts: Counter[int] = Counter()
        for arrival in self.arrivals:
            if arrival.hop is hop:
                counts[min(max(int(arrival.at_s), 0), self.seconds - 1)] += arrival.events
        return [counts[second] for second in range(self.seconds)]

    def seen(self) -> dict[str, dict[Hop, int]]:
        """The events, copies included, of each event type at each hop."""
        types = sorted({arrival.event_type for arrival in self.arrivals})
        counts = {name: dict.fromkeys(Hop, 0) for name in types}
        for arrival in self.arrivals:
            counts[arrival.event_type][arrival.hop] += arrival.events
        return counts

    def first(self, what: str) -> float | None:
        """The moment at which the drill first did `what`; None where it never did."""
        return next((mark.at_s for mark in self.marks if mark.what == what), None)

    @property
    def converged_s(self) -> float | None:
        """The moment at which the data at rest changed last; None where there are none."""
        times = [arrival.at_s for arrival in self.arrivals if arrival.hop in (Hop.MERGED, Hop.PARQUET)]
        return min(max(times), self.duration_s) if times else None

    def document(self) -> dict[str, Any]:
        """The timeline as plain data: events in each second by hop, and when each fault struck."""
        converged = self.converged_s
        return {
            "seconds": self.seconds,
            "healed_s": self.first(HEAL),
            "converged_s": None if converged is None else round(converged, 3),
            "events_per_second": {str(hop): self.rates(hop) for hop in Hop},
            "seen": {name: {str(hop): n for hop, n in hops.items()} for name, hops in self.seen().items()},
            "strikes": {name: [round(at_s, 3) for at_s in times] for name, times in self.struck().items()},
            "problem": self.problem,
        }

    def struck(self) -> Mapping[str, list[float]]:
        """The moments at which each fault struck, by its id."""
        times: dict[str, list[float]] = {}
        for strike in self.strikes:
            times.setdefault(strike.fault, []).append(strike.at_s)
        return times


@dataclass
class Notes:
    """Collects arrivals of equal moment and place into one, so that a timeline stays small."""

    _counts: Counter[tuple[float, Hop, str]] = field(default_factory=Counter)

    def add(self, at_s: float, hop: Hop, event_type: str, events: int = 1) -> None:
        """Count events that arrived at this moment, taken to the tenth of a second."""
        self._counts[round(at_s, 1), hop, event_type] += events

    def arrivals(self) -> tuple[Arrival, ...]:
        """The arrivals that were counted, in order of time."""
        arrivals = (Arrival(*place, events) for place, events in self._counts.items())
        return tuple(sorted(arrivals, key=lambda arrival: arrival.at_s))
