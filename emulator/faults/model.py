"""A fault as a value: what goes wrong, where, to what, and when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from wavetank.emulator.faults.points import Action, Point

Value = float | int | str


class InvalidFaultError(ValueError):
    """A fault that cannot exist; the message says why and what can."""


@dataclass(frozen=True)
class Window:
    """From `start_s` (inclusive) to `end_s` (exclusive), in emulator seconds since the fault was added."""

    start_s: float
    end_s: float


@dataclass(frozen=True)
class When:
    """The conditions under which a fault fires at an event that matches: all that are given have to hold.

    nth: these events only, counted from 1 in the order in which they came. every: the n-th, 2n-th, …
    probability: a share of them, chosen by seed and identity. count: this many at most.
    window: while it is open.
    """

    nth: frozenset[int] = frozenset()
    every: int | None = None
    probability: float | None = None
    count: int | None = None
    window: Window | None = None


@dataclass(frozen=True)
class Fault:
    """A fault: `match` maps target fields to shell patterns (`*`, `?`, `[…]`), all of which must fit."""

    id: str
    point: Point
    action: Action
    match: Mapping[str, str] = field(default_factory=dict)
    when: When = When()
    seed: int = 0
    parameters: Mapping[str, Value] = field(default_factory=dict)

    def matches(self, target: Mapping[str, str]) -> bool:
        """Whether each pattern of `match` fits the target's field; case counts."""
        return all(fnmatchcase(target.get(name, ""), pattern) for name, pattern in self.match.items())


def document(fault: Fault) -> dict[str, object]:
    """The fault as plain data: what `parse` makes the same fault of."""
    when = fault.when
    conditions: dict[str, object] = {
        "nth": sorted(when.nth) or None,
        "every": when.every,
        "probability": when.probability,
        "count": when.count,
        "window": [when.window.start_s, when.window.end_s] if when.window else None,
    }
    return {
        "id": fault.id,
        "point": str(fault.point),
        "action": str(fault.action),
        "match": dict(fault.match),
        "when": {name: value for name, value in conditions.items() if value is not None},
        "seed": fault.seed,
        "parameters": dict(fault.parameters),
    }
