"""The catalogue of shapes, by name, each with the mistake that it is for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from wavetank.scenarios.workload.shapes import contents, identities, moments, writing
from wavetank.scenarios.workload.shapes.base import Base
from wavetank.scenarios.workload.synthetic import WorkloadEvent


class UnknownShapeError(LookupError):
    """There is no shape of that name; the message says which there are."""


@dataclass(frozen=True)
class Shape:
    """A generator of events, by name; mistake: what a pipeline does wrong that treats them wrongly, in a sentence."""

    name: str
    mistake: str
    events: Callable[[Base], Iterator[WorkloadEvent]]


_SHAPES = (
    Shape("ids", "Ids are compared, cut, trimmed or normalised as if they were text.", identities.ids),
    Shape("namesakes", "Events of different types with one id are taken for copies.", identities.namesakes),
    Shape("times", "Hours are told apart a microsecond off, or a unit of time is taken for another.", moments.times),
    Shape("calendar", "A date is told by a rule that holds in most years, or only since 1970.", moments.calendar),
    Shape("copies", "Of several copies another one stays than the earliest, or none, or two.", moments.copies),
    Shape("values", "A value changes on its way, or a null, a zero and an empty text are one.", contents.values),
    Shape("sizes", "A length is off by one, or a partition key counts for nothing.", contents.sizes),
    Shape("envelopes", "One envelope is read as another, or a packed record costs those beside it.", writing.envelopes),
    Shape(
        "versions", "A version is read with the schema of another, or the newest is taken for all.", writing.versions
    ),
)
SHAPES: Mapping[str, Shape] = MappingProxyType({shape.name: shape for shape in _SHAPES})
NAMES = tuple(SHAPES)


def shaped(names: Sequence[str], base: Base) -> list[Sequence[WorkloadEvent]]:
    """The events of each of these shapes, in the order in which they are to be sent. Raises UnknownShapeError."""
    unknown = [name for name in names if name not in SHAPES]
    if unknown:
        raise UnknownShapeError(f"there is no shape {', '.join(unknown)}; there are: {', '.join(NAMES)}")
    return [tuple(SHAPES[name].events(base)) for name in names]


def interleaved(base: Base, several: Sequence[Sequence[WorkloadEvent]]) -> list[WorkloadEvent]:
    """All events in one sequence, each of `several` in its own order, dealt by seed among the others."""
    turns = [number for number, events in enumerate(several) for _ in events]
    base.rng("interleaved").shuffle(turns)
    streams = [iter(events) for events in several]
    return [next(streams[turn]) for turn in turns]
