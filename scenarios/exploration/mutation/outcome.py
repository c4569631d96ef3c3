"""Outcomes: what a change was tried by, and what became of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wavetank.scenarios.exploration.mutation.change import Change

LEAST_KILLED = 0.95
"""Of all changes of a sample so much is to be killed; for the rest there is to be a reason."""


class Stage(StrEnum):
    """What a change is tried by, in this order."""

    UNITS = "units"
    BASICS = "basics"
    CATALOGUE = "catalogue"


class Fate(StrEnum):
    """What became of a change: who killed it, or why nobody did."""

    UNITS = "units"
    DEPLOY = "deploy"
    BASICS = "basics"
    CATALOGUE = "catalogue"
    EQUIVALENT = "equivalent"
    INCONCLUSIVE = "inconclusive"
    SURVIVED = "survived"


KILLED = frozenset({Fate.UNITS, Fate.DEPLOY, Fate.BASICS, Fate.CATALOGUE})


@dataclass(frozen=True)
class Outcome:
    """The outcome of a change: its fate, the test or drill that killed it, and the message or the reason."""

    change: Change
    fate: Fate
    killer: str = ""
    detail: str = ""

    def document(self) -> dict[str, Any]:
        """The outcome as plain data."""
        return {
            "change": self.change.name,
            "component": self.change.component,
            "file": self.change.file,
            "line": self.change.line,
            "place": self.change.place,
            "operator": self.change.operator,
            "old": self.change.old,
            "new": self.change.new,
            "fate": str(self.fate),
            "killer": self.killer,
            "detail": self.detail,
        }


def is_enough(outcomes: Iterable[Outcome]) -> bool:
    """Whether so many are killed as have to be, and all others judged with a reason."""
    fates = [outcome.fate for outcome in outcomes]
    killed = sum(fate in KILLED for fate in fates)
    return killed >= LEAST_KILLED * len(fates) and set(fates) <= KILLED | {Fate.EQUIVALENT}
