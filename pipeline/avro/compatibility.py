"""Whether a new version of a schema may follow the ones there are.

BACKWARD: readers with the new version read what older versions wrote. FORWARD: readers with older versions read what
the new one writes. FULL: both. The transitive forms look at every older version, the others at the last one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from wavetank.pipeline.avro.model import Type
from wavetank.pipeline.avro.resolution import Problem, problems


class Level(StrEnum):
    """How much of what was written before, and of who reads already, a change must respect."""

    NONE = "NONE"
    BACKWARD = "BACKWARD"
    BACKWARD_TRANSITIVE = "BACKWARD_TRANSITIVE"
    FORWARD = "FORWARD"
    FORWARD_TRANSITIVE = "FORWARD_TRANSITIVE"
    FULL = "FULL"
    FULL_TRANSITIVE = "FULL_TRANSITIVE"

    @property
    def is_transitive(self) -> bool:
        """Whether every older version counts."""
        return self.endswith("_TRANSITIVE")

    @property
    def looks_back(self) -> bool:
        """Whether the new version must read what older ones wrote."""
        return self.startswith(("BACKWARD", "FULL"))

    @property
    def looks_forward(self) -> bool:
        """Whether older versions must read what the new one writes."""
        return self.startswith(("FORWARD", "FULL"))


@dataclass(frozen=True, slots=True)
class Breach:
    """A way in which a version breaks compatibility with an older one."""

    older: int
    backward: bool
    problem: Problem

    def sentence(self, newer: int) -> str:
        """The breach in words, naming the field and the rule."""
        reader, writer = (newer, self.older) if self.backward else (self.older, newer)
        rule = "BACKWARD" if self.backward else "FORWARD"
        return f"{self.problem} (reading v{writer} with v{reader}, {rule})"


def breaches(new: Type, older: Sequence[tuple[int, Type]], level: Level) -> Iterator[Breach]:
    """Everything in which the schema `new` is not compatible with `older` (version and schema, oldest first)."""
    compared = older if level.is_transitive else older[-1:]
    for version, schema in compared:
        if level.looks_back:
            yield from (Breach(version, True, problem) for problem in problems(schema, new))
        if level.looks_forward:
            yield from (Breach(version, False, problem) for problem in problems(new, schema))
