"""The ledger by hop: how many of the events that were sent arrived where, so that a loss names the hop that lost it.

Of the ids of one event type, at each hop those that were seen there, each once, however many copies there were. An id
that is lost, as the ledger says it, was lost behind the last hop at which it was seen. What was set aside or waits as
late is not lost, and makes no gap; nor does an event that was never acknowledged.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from wavetank.scenarios.oracle.at_rest import AtRest, Stored
from wavetank.scenarios.oracle.history import History, Outcome
from wavetank.scenarios.oracle.ledger import Entry

LOST = "lost"


class Hop(StrEnum):
    """A place where events are seen on their way, in the order of the flow."""

    SENT = "sent"
    RAW = "raw stream"
    PROCESSED = "processed stream"
    CHUNKS = "chunks"
    PARTS = "parts"
    MERGED = "merged"
    PARQUET = "Parquet"


ON_THE_WAY = (Hop.RAW, Hop.PROCESSED, Hop.CHUNKS, Hop.PARTS)
"""Between the producer, whose history tells what was sent, and what is at rest in the end."""

Seen = Mapping[tuple[str, Hop], frozenset[str]]
"""Event type and hop → the ids that were seen there."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Ids (sorted) that were seen last at `after` and should have been at `before`."""

    after: Hop
    before: Hop
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Passage:
    """The ids of one event type: how many were acknowledged, how many arrived at each hop, and the gaps between."""

    acknowledged: int
    arrived: Mapping[Hop, int]
    gaps: tuple[Gap, ...] = ()

    def document(self) -> dict[str, object]:
        """The passage as plain data."""
        gaps = [{"after": str(gap.after), "before": str(gap.before), "events": len(gap.ids)} for gap in self.gaps]
        return {"arrived": {str(hop): number for hop, number in self.arrived.items()}, "lost": gaps}


def passages(history: History, seen: Seen, at_rest: AtRest, entries: Mapping[str, Entry]) -> dict[str, Passage]:
    """The ledger by hop of every event type that was attempted; `seen` tells of the hops on the way."""
    by_type = {}
    for event_type in history.event_types:
        operations = history.of(event_type)
        attempted = {operation.event_id for operation in operations}
        acknowledged = {operation.event_id for operation in operations if operation.outcome is Outcome.OK}
        there: dict[Hop, set[str]] = {hop: set(seen.get((event_type, hop), ())) & attempted for hop in ON_THE_WAY}
        there[Hop.SENT] = attempted
        there[Hop.PARTS] |= _ids(event_type, (*at_rest.parts, *at_rest.late)) & attempted
        there[Hop.MERGED] = _ids(event_type, at_rest.avro) & attempted
        there[Hop.PARQUET] = _ids(event_type, at_rest.parquet) & attempted
        missing = {Hop.MERGED: there[Hop.MERGED] - there[Hop.PARQUET]}
        unseen = set(entries[event_type].ids[LOST]) if event_type in entries else set[str]()
        for hop in (*reversed(ON_THE_WAY), Hop.SENT):
            missing[hop] = unseen & there[hop]
            unseen -= missing[hop]
        gaps = tuple(
            Gap(after, before, tuple(sorted(missing[after]))) for after, before in pairwise(Hop) if missing.get(after)
        )
        by_type[event_type] = Passage(len(acknowledged), {hop: len(there[hop]) for hop in Hop}, gaps)
    return by_type


def together(several: Collection[Passage]) -> dict[Hop, int]:
    """The number of ids that arrived at each hop, of all event types."""
    return {hop: sum(passage.arrived[hop] for passage in several) for hop in Hop}


def losses(by_type: Mapping[str, Passage], hops: Collection[Hop]) -> list[str]:
    """The losses on the way to each of `hops`, in words: of all event types together and of each."""
    acknowledged = sum(passage.acknowledged for passage in by_type.values())
    sentences = []
    for after, before in pairwise(Hop):
        gaps = [(name, gap) for name, passage in by_type.items() for gap in passage.gaps if gap.before is before]
        if before in hops and gaps:
            lost = sum(len(gap.ids) for _, gap in gaps)
            listed = ", ".join(f"{len(gap.ids):,} {name}" for name, gap in gaps)
            sentences.append(f"{lost:,} of {acknowledged:,} events were lost between {after} and {before} ({listed})")
    return sentences


def _ids(event_type: str, records: Iterable[Stored]) -> set[str]:
    return {record.event_id for record in records if record.partition.event_type == event_type}
