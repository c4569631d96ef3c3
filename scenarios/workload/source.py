"""Where the events of a workload come from: the seeded generator, or a mapped file."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from wavetank.scenarios.workload import mapping_file, synthetic
from wavetank.scenarios.workload.mapper import Mapper
from wavetank.scenarios.workload.ndjson import LineReader, parse
from wavetank.scenarios.workload.rejects import Rejection
from wavetank.scenarios.workload.synthetic import WorkloadEvent
from wavetank.scenarios.workload.workload import Workload

START = datetime(2019, 11, 24, 22, tzinfo=UTC)
"""Two hours before midnight: a workload of three hours and more lies on two dates."""
DISTINCT_STARTS = 365


class UnusableSourceError(ValueError):
    """A workload cannot be had from its file."""


class NoEventsError(UnusableSourceError):
    """The workload's file gives no event."""


class BrokenSourceError(UnusableSourceError):
    """The workload's file ends early, as a gzip file does that was cut off."""


@dataclass(frozen=True)
class Drawn:
    """The events of a workload; unused: how many lines of its file are no event, by the reason of the rejection.

    Blank lines do not count, nor do lines after the last event that was wanted.
    """

    events: tuple[WorkloadEvent, ...]
    unused: Mapping[str, int] = field(default_factory=dict)


def events_of(workload: Workload, seed: int, fields: Mapping[str, Mapping[str, Any]]) -> Drawn:
    """The events, the same for the same arguments; `fields` has, by event type, the Avro types of the raw fields.

    Raises MappingError, OSError where the file cannot be read, BrokenSourceError where it ends early and
    NoEventsError where no line of it is an event.
    """
    if workload.source is None or workload.mapping is None:
        start = START + timedelta(days=seed % DISTINCT_STARTS)
        drawn = synthetic.synthetic(workload.events, seed, start, workload.hours, conversions=workload.conversions)
        return Drawn(tuple(synthetic.at_edges(drawn) if workload.edges else drawn))
    mapped = _Mapped(Mapper(mapping_file.load(workload.mapping, fields)))
    events = mapped.events(workload.source, workload.events)
    if not events:
        raise NoEventsError(f"{workload.source}: no line of it is an event by {workload.mapping}{mapped.reasons()}")
    return Drawn(events, dict(mapped.unused.most_common()))


@dataclass
class _Mapped:
    mapper: Mapper
    unused: Counter[str] = field(default_factory=Counter)

    def events(self, source: Path, wanted: int) -> tuple[WorkloadEvent, ...]:
        with source.open("rb") as stream:
            lines = LineReader(stream)
            events = tuple(islice(self._each(lines), wanted))
        if lines.broken is not None:
            raise BrokenSourceError(f"{source}: the file is damaged: {lines.broken}")
        return events

    def reasons(self) -> str:
        listed = ", ".join(f"{reason} {number}" for reason, number in self.unused.most_common())
        return f" ({listed})" if listed else ""

    def _each(self, lines: LineReader) -> Iterator[WorkloadEvent]:
        for line in lines:
            if line.problem is None and not line.data.strip():
                continue
            document = line.problem or parse(line.data)
            event = document if isinstance(document, Rejection) else self.mapper.event(document)
            if isinstance(event, Rejection):
                self.unused[str(event.reason)] += 1
            else:
                yield event
