"""The cells of a sweep: call sites as they were recorded, crossed with the ways in which a call can go wrong. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from wavetank.emulator.faults.model import Fault, When
from wavetank.emulator.faults.points import Action, Point

OUTLASTS_S = 1200.0
"""Longer than any function may take (Lambda's limit is 900 s)."""

ID = "swept"
COLD_ID = "swept-cold"
_IN_JSON = frozenset({"kinesis", "firehose", "events", "logs"})
"""Services whose error for a call that is not allowed is named AccessDeniedException."""

READS = ("Get", "Head", "List", "Describe")
"""Beginnings of operations that change nothing."""


class Mode(StrEnum):
    """The way in which a call goes wrong."""

    ERROR_BEFORE = "error before"
    ERROR_AFTER = "error after"
    TRIED_AGAIN = "tried again"
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    TOO_LATE = "too late"


MEANING = {
    Mode.ERROR_BEFORE: "the call fails for good and has no effect",
    Mode.ERROR_AFTER: "the call takes effect, and the function is told that it failed for good",
    Mode.TRIED_AGAIN: "the call takes effect, the function is told of an overload, and its SDK sends the call again",
    Mode.CRASH_BEFORE: "the function's process dies before the call takes effect",
    Mode.CRASH_AFTER: "the function's process dies after the call took effect",
    Mode.TOO_LATE: "the call takes effect when the function's time is over",
}


_ACTIONS = {
    Mode.ERROR_BEFORE: Action.ERROR_BEFORE,
    Mode.ERROR_AFTER: Action.ERROR_AFTER,
    Mode.TRIED_AGAIN: Action.ERROR_AFTER,
    Mode.CRASH_BEFORE: Action.CRASH_BEFORE,
    Mode.CRASH_AFTER: Action.CRASH_AFTER,
    Mode.TOO_LATE: Action.DELAY,
}


@dataclass(frozen=True)
class CallSite:
    """An AWS call that a function makes: what its calls have in common, and which of them it is.

    match: what a fault matches all calls of the site by. number: the n-th of them, from 1. cold: it is made only by a
    function that starts anew.
    """

    match: Mapping[str, str]
    number: int
    cold: bool = False

    @property
    def identity(self) -> tuple[str, ...]:
        """The fields that make it this call site and no other."""
        return (*(f"{field}={pattern}" for field, pattern in sorted(self.match.items())), str(self.number))

    @property
    def function(self) -> str:
        """The function that calls."""
        return self.match["caller"]

    @property
    def name(self) -> str:
        """The call in a few words: operation, what it is about, and the number where it is not the first."""
        about = self.match["key"] or self.match["prefix"] or self.match["resource"]
        return f"{self.match['operation']} {about}" + (f" #{self.number}" if self.number > 1 else "")


@dataclass(frozen=True)
class Cell:
    """A run of a sweep: this call goes wrong in this way."""

    call_site: CallSite
    mode: Mode

    def sooner(self) -> "Cell":
        """The same where it did not come: an earlier call, of a function that starts anew and makes all its calls."""
        return replace(self, call_site=replace(self.call_site, number=max(1, self.call_site.number // 2), cold=True))

    def faults(self) -> tuple[Fault, ...]:
        """The faults that are set; the one named `swept` has to strike exactly once."""
        in_json = self.call_site.match["service"] in _IN_JSON
        parameters: dict[str, float | int | str] = {}
        if self.mode in (Mode.ERROR_BEFORE, Mode.ERROR_AFTER):
            parameters["status"] = 400 if in_json else 403
            parameters["code"] = "AccessDeniedException" if in_json else "AccessDenied"
        elif self.mode is Mode.TOO_LATE:
            parameters["delay_s"] = OUTLASTS_S
        when, action = When(nth=frozenset({self.call_site.number})), _ACTIONS[self.mode]
        struck = Fault(ID, Point.AWS_CALL, action, self.call_site.match, when=when, parameters=parameters)
        if not self.call_site.cold:
            return (struck,)
        match, first = {"function": self.call_site.function}, When(nth=frozenset({1}))
        return struck, Fault(COLD_ID, Point.LAMBDA_INVOKE, Action.COLD_START, match, when=first)


def call_sites(cold: Iterable[Mapping[str, Any]], warm: Iterable[Mapping[str, Any]]) -> list[CallSite]:
    """The call sites in two recordings of one path, with functions that started anew and with others.

    Of a site that is called several times the first call is taken, and where it changes something also the last one
    that comes in every run.
    """
    times = {frozenset(call["match"].items()): int(call["times"]) for call in warm}
    sites = []
    for call in cold:
        warm_times = times.get(frozenset(call["match"].items()))
        last = int(call["times"]) if warm_times is None else min(int(call["times"]), warm_times)
        numbers = {1} if call["match"]["operation"].startswith(READS) else {1, last}
        sites += [CallSite(dict(call["match"]), number, warm_times is None) for number in sorted(numbers)]
    return sites


def left_alone_by(premise: Iterable[Fault], sites: Iterable[CallSite]) -> list[CallSite]:
    """The call sites that no fault of a path's premise strikes: a call that is struck no second fault strikes."""
    there = [fault for fault in premise if fault.point == Point.AWS_CALL]
    return [site for site in sites if not any(fault.matches(site.match) for fault in there)]


def cells(sites: Iterable[CallSite]) -> list[Cell]:
    """Every call site in every mode, function by function."""
    return [Cell(site, mode) for site in sorted(sites, key=lambda site: site.function) for mode in Mode]
