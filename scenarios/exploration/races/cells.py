"""The cells of the matrix of races: who is stopped, at which call, when, and who runs meanwhile. Pure.

Two actors race if one of them changes what the other reads or changes: an object, a listing that it is in, a stream, a
queue, a topic.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wavetank.emulator.faults.model import Fault, When
from wavetank.emulator.faults.points import Action, Point
from wavetank.scenarios.exploration.sweep.cells import READS

ID = "race"


class Moment(StrEnum):
    """The moment at which a call is stopped."""

    BEFORE = "before"
    AFTER = "after"


MEANING = {
    Moment.BEFORE: "stopped before the call takes effect",
    Moment.AFTER: "stopped when the call has taken effect, before it is answered",
}
_ACTIONS = {Moment.BEFORE: Action.HOLD_BEFORE, Moment.AFTER: Action.HOLD_AFTER}


@dataclass(frozen=True)
class RecordedCall:
    """Calls of one kind as they were recorded: what a fault matches them by, and how many there were."""

    match: Mapping[str, str]
    times: int = 1

    @property
    def changes(self) -> bool:
        """Whether they change something."""
        return not self.match["operation"].startswith(READS)

    def meets(self, other: "RecordedCall") -> bool:
        """Whether it matters which of the two comes first."""
        if self.match["resource"] != other.match["resource"] or not (self.changes or other.changes):
            return False
        if self.match["service"] != "s3":
            return True
        key, other_key = self.match["key"], other.match["key"]
        if key and other_key:
            return key == other_key
        return key.startswith(other.match["prefix"]) if key else other_key.startswith(self.match["prefix"])


@dataclass(frozen=True)
class Recorded:
    """An actor's run without anybody beside it: its own calls, and those made for it by others."""

    own: tuple[RecordedCall, ...]
    for_it: tuple[RecordedCall, ...] = ()

    @classmethod
    def of(cls, calls: Iterable[Mapping[str, Any]], caller: str, callers: Sequence[str], but: str) -> "Recorded":
        """What was recorded of these callers, except for the calls about the resource `but`, which nobody changes."""
        kept = [
            RecordedCall(dict(call["match"]), int(call["times"]))
            for call in calls
            if call["match"]["caller"] in callers and call["match"]["resource"] != but
        ]
        own = tuple(call for call in kept if call.match["caller"] == caller)
        return cls(own, tuple(call for call in kept if call.match["caller"] != caller))

    def races(self, other: "Recorded") -> bool:
        """Whether something of it meets something of the other."""
        return any(one.meets(two) for one in self.own + self.for_it for two in other.own + other.for_it)


@dataclass(frozen=True)
class Cell:
    """A race: `first` is stopped at a call, `second` runs to its end, `first` goes on.

    number: its place in the whole matrix, from 1. nth: which of the calls that `match` fits, from 1. name: the call in
    a few words that are the same in every run.
    """

    number: int
    first: str
    second: str
    match: Mapping[str, str]
    nth: int
    moment: Moment
    name: str

    @property
    def pair(self) -> tuple[str, str]:
        """Who is stopped, and who runs meanwhile."""
        return self.first, self.second

    def fault(self) -> Fault:
        """The fault that stops it, for as long as it is set."""
        return Fault(ID, Point.AWS_CALL, _ACTIONS[self.moment], self.match, when=When(nth=frozenset({self.nth})))


def matrix(recorded: Mapping[str, Recorded], named: Callable[[str], str]) -> list[Cell]:
    """Every race of actors, in the order in which they are given; `named` tells a key in words that do not vary.

    Calls are in the order of their names: those that are made side by side come in no other that is always the same.
    """
    races = (
        (first, second, call, nth, moment)
        for first, calls in recorded.items()
        for second, others in recorded.items()
        if calls.races(others)
        for call in sorted(calls.own, key=lambda call: _name(call, 1, named))
        for nth in range(1, call.times + 1)
        for moment in Moment
    )
    return [
        Cell(number, first, second, call.match, nth=nth, moment=moment, name=_name(call, nth, named))
        for number, (first, second, call, nth, moment) in enumerate(races, 1)
    ]


def spread(cells: Sequence[Cell]) -> Iterator[Cell]:
    """The cells in an order in which each beginning has some of every pair: a budget of time cuts off no pair."""
    by_pair: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        by_pair.setdefault(cell.pair, []).append(cell)
    ranked = [
        (rank / len(some), cell.number, cell) for some in by_pair.values() for rank, cell in enumerate(_halved(some))
    ]
    return (cell for _, _, cell in sorted(ranked, key=lambda entry: entry[:2]))


def _halved(cells: Sequence[Cell]) -> list[Cell]:
    """The cells so that those far apart come first: every second one, then the others."""
    return list(cells) if len(cells) < 3 else [*_halved(cells[::2]), *_halved(cells[1::2])]


def _name(call: RecordedCall, nth: int, named: Callable[[str], str]) -> str:
    about = named(call.match["key"] or call.match["prefix"]) or call.match["resource"]
    return f"{call.match['operation']} {about}" + (f" #{nth}" if nth > 1 else "")
