"""The sources that the events of a workload are drawn from: a seeded generator, or a mapped file."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from wavetank.scenarios.workload import mapping_file, synthetic
from wavetank.scenarios.workload.generated.events import UNBOUNDED, Bounds, generated
from wavetank.scenarios.workload.mapper import Mapper
from wavetank.scenarios.workload.rejects import Rejection
from wavetank.scenarios.workload.rows import Rows, UnusableSourceError
from wavetank.scenarios.workload.shapes.base import Base
from wavetank.scenarios.workload.shapes.catalogue import interleaved, shaped
from wavetank.scenarios.workload.source_file import opened
from wavetank.scenarios.workload.synthetic import WorkloadEvent
from wavetank.scenarios.workload.workload import Workload

START = datetime(2019, 11, 24, 22, tzinfo=UTC)
"""Two hours before midnight: a workload of three hours and more lies on two dates."""
DISTINCT_STARTS = 365
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class NoEventsError(UnusableSourceError):
    """The workload's file gives no event."""


class BrokenSourceError(UnusableSourceError):
    """The workload's file ends early, as a gzip file does that was cut off."""


@dataclass(frozen=True)
class WorkloadEvents:
    """The events of a workload; unused: how many lines of its file are no event, by the reason of the rejection.

    Blank lines do not count, nor do lines after the last event that was asked for.
    """

    events: tuple[WorkloadEvent, ...]
    unused: Mapping[str, int] = field(default_factory=dict)


def draw(
    workload: Workload,
    seed: int,
    schemas: Mapping[str, Mapping[str, Any]],
    start: datetime | None = None,
    bounds: Bounds = UNBOUNDED,
) -> WorkloadEvents:
    """The events, the same for the same arguments; `schemas` has, by event type, the definition of the raw schema.

    start: when the synthetic ones begin, a full hour in UTC; None for a date that follows from the seed. bounds: of
    generated events.

    Raises MappingError, OSError where the file cannot be read, UnusableSourceError where it is none of its format,
    BrokenSourceError where it ends early and NoEventsError where no line of it is an event; NothingGoesOnError where no
    generated event is one that lands.
    """
    source = workload.source
    if source is None or workload.mapping is None:
        start = start or START + timedelta(days=seed % DISTINCT_STARTS)
        if workload.schemas:
            events = list(generated(workload.events, seed, start, workload.hours, schemas, bounds))
        else:
            events = synthetic.synthetic(workload.events, seed, start, workload.hours, conversions=workload.conversions)
        events = synthetic.at_edges(events) if workload.edges else events
        events = synthetic.of_one_campaign(events) if workload.hot_key else events
        if workload.shapes and not workload.schemas:
            base = Base(seed, (start - EPOCH) // MICROSECOND, schemas)
            events = interleaved(base, [events, *shaped(workload.shapes, base)])
        return WorkloadEvents(tuple(events))
    mapper, unused = Mapper(mapping_file.load(workload.mapping, schemas)), Counter[str]()
    with opened(source, separator=mapper.mapping.separator) as file:
        mapped = tuple(islice(_mapped(file.rows, mapper, unused), workload.events))
    if file.rows.broken is not None:
        raise BrokenSourceError(f"{source}: the file is damaged: {file.rows.broken}")
    if not mapped:
        reasons = ", ".join(f"{reason} {number}" for reason, number in unused.most_common())
        listed = f" ({reasons})" if reasons else ""
        raise NoEventsError(f"{source}: no line of it is an event by {workload.mapping}{listed}")
    return WorkloadEvents(mapped, dict(unused.most_common()))


def _mapped(rows: Rows, mapper: Mapper, unused: Counter[str]) -> Iterator[WorkloadEvent]:
    """The events of the rows; the reasons of rows that are none are counted in `unused`."""
    for row in rows:
        if row.is_blank:
            continue
        event = mapper.event_of(row)
        if isinstance(event, Rejection):
            unused[str(event.reason)] += 1
        else:
            yield event
