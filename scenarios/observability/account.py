"""The account of all that was sent: the ledger of drills (`oracle.ledger`), drawn up while things are under way.

What the ledger finds nowhere at rest is lost to a drill, which has waited for everything. Here it is looked for on its
way: an event is *under way* as long as the next function has not passed it, which later events of its shard tell.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from wavetank.pipeline.layout import MERGED_TAG
from wavetank.scenarios.client import at_rest as at_rest_files
from wavetank.scenarios.client.frames import Heads, frames
from wavetank.scenarios.observability.sent import SentReader, user_records
from wavetank.scenarios.observability.trace.model import Fate
from wavetank.scenarios.oracle.at_rest import AtRest
from wavetank.scenarios.oracle.history import History, Outcome
from wavetank.scenarios.oracle.hops import LOST, Hop
from wavetank.scenarios.oracle.ledger import Entry, draw_up
from wavetank.scenarios.site.observer import arrivals, heads_of, model_by_registry, observe_sent
from wavetank.scenarios.site.site import Site


@dataclass(frozen=True)
class OnTheWay:
    """The ids of one event type on their way; shards have theirs in the order of arrival.

    waiting: id → the hop at which it surely waits: in a chunk that was not partitioned, or a part that was not merged.
    arrived: those that were seen behind a hop.
    """

    raw: tuple[Sequence[str], ...] = ()
    processed: tuple[Sequence[str], ...] = ()
    waiting: Mapping[str, Hop] = field(default_factory=dict)
    arrived: Mapping[Hop, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Account:
    """The fates of the ids of one event type. refused: how many the stream surely did not take.

    details: of an id, why it was set aside, or the hop at which it was seen last.
    """

    event_type: str
    fates: Mapping[str, Fate]
    details: Mapping[str, str]
    refused: int = 0

    def counts(self) -> dict[str, int]:
        """The number of ids by fate, in the order of fates."""
        counts = Counter(self.fates.values())
        return {str(fate): counts[fate] for fate in Fate if fate is not Fate.UNSEEN}

    def reasons(self, fate: Fate) -> dict[str, int]:
        """The number of ids of a fate, by detail."""
        return dict(
            sorted(Counter(self.details.get(one, "") for one, its in self.fates.items() if its is fate).items())
        )


def account(site: Site, history: History, since: datetime) -> dict[str, Account]:
    """The account of every event type of a history; streams are read from `since` on where something is missing."""
    model = model_by_registry(site)
    if model.renews:
        history = replace(history, arrivals=arrivals(site, since))
    at_rest = observe_sent(site, history, model)
    entries = draw_up(history, at_rest, model)
    accounts = {}
    for event_type in history.event_types:
        entry = entries[event_type]
        there = _on_the_way(site, event_type, at_rest, since) if entry.ids[LOST] else OnTheWay()
        accounts[event_type] = accounted(event_type, history, entry, at_rest, there)
    return accounts


def accounted(event_type: str, history: History, entry: Entry, at_rest: AtRest, there: OnTheWay) -> Account:
    """The account of one event type, of its ledger and of what is on its way; a pure function."""
    operations = history.of(event_type)
    acknowledged = {one.event_id for one in operations if one.outcome is Outcome.OK}
    owed = {one.event_id for one in operations if one.outcome is not Outcome.FAIL}
    by_payload = {one.payload: one.event_id for one in operations}
    landed = {record.event_id for record in at_rest.avro if record.partition.event_type == event_type}
    named = {Fate.QUARANTINED: "quarantined", Fate.DROPPED: "dropped", Fate.LATE: "late"}
    fates = {event_id: fate for fate, name in named.items() for event_id in entry.ids[name]}
    details = dict[str, str]()
    last = last_seen(entry.ids[LOST], there)
    for event_id in entry.ids[LOST]:
        hop, is_passed = last.get(event_id, (Hop.SENT, True))
        fates[event_id] = Fate.LOST if is_passed else Fate.UNDER_WAY
        details[event_id] = f"last seen: {hop}"
    for record in at_rest.quarantine:
        event_id = by_payload.get(record.payload, record.event_id)
        if fates.get(event_id) is Fate.QUARANTINED:
            details[event_id] = record.reason
    # What was never acknowledged and is nowhere was never taken.
    taken = owed & (acknowledged | landed)
    fates |= {event_id: Fate.LANDED for event_id in taken if event_id not in fates}
    return Account(event_type, fates, details, len({one.event_id for one in operations} - owed))


def last_seen(missing: Iterable[str], there: OnTheWay) -> dict[str, tuple[Hop, bool]]:
    """Of each missing id the hop at which it was seen last, and whether the next function has passed it.

    One that is in a chunk which was partitioned, or in a part which was merged, is passed; one on a stream where an id
    behind it in its shard has gone on.
    """
    last: dict[str, tuple[Hop, bool]] = {}
    for hop, shards in ((Hop.RAW, there.raw), (Hop.PROCESSED, there.processed)):
        gone_on = there.arrived.get(hop, frozenset())
        for shard in shards:
            passed = max((place for place, event_id in enumerate(shard) if event_id in gone_on), default=-1)
            last |= {event_id: (hop, place < passed) for place, event_id in enumerate(shard)}
    for hop in (Hop.CHUNKS, Hop.PARTS):
        last |= dict.fromkeys(there.arrived.get(hop, frozenset()), (hop, True))
    last |= {event_id: (hop, False) for event_id, hop in there.waiting.items()}
    return {event_id: last[event_id] for event_id in missing if event_id in last}


def _on_the_way(site: Site, event_type: str, at_rest: AtRest, since: datetime) -> OnTheWay:
    """Where the events of one type are that are not merged."""
    event, reader = site.topology.event(event_type), SentReader(site, event_type)
    heads = heads_of(event)
    raw = defaultdict[str, list[str]](list)
    for shard, data in user_records(site, event.raw_stream, since):
        raw[shard].append(reader.operation(data, Outcome.OK).event_id)
    processed = defaultdict[str, list[str]](list)
    for shard, data in user_records(site, event.processed_stream, since):
        processed[shard] += _ids(data, heads)
    in_order = event.component.processor.parallelization == 1
    in_chunks, in_done = dict[str, Hop](), set[str]()
    undone = set(site.undone_chunks())
    chunks = list(at_rest_files.keys(site.s3, site.data_bucket, event.chunk_prefix))
    bodies = at_rest_files.read_all(chunks, lambda key: at_rest_files.body(site.s3, site.data_bucket, key))
    for key, data in zip(chunks, bodies, strict=True):
        ids = _ids(data, heads)
        in_done.update(() if key in undone else ids)
        in_chunks |= dict.fromkeys(ids if key in undone else (), Hop.CHUNKS)
    parts = {record.event_id: record.source for record in at_rest.parts if record.partition.event_type == event_type}
    merged = {key for key in set(parts.values()) if _is_merged(site, key)}
    in_merged = frozenset(event_id for event_id, key in parts.items() if key in merged)
    rest = {record.event_id for record in at_rest.avro} | parts.keys()
    behind = frozenset(in_done | in_chunks.keys() | rest)
    aside = {record.event_id for record in at_rest.quarantine}
    on_processed = {event_id for shard in processed.values() for event_id in shard}
    return OnTheWay(
        raw=tuple(raw.values()),
        processed=tuple(processed.values()),
        waiting=in_chunks | dict.fromkeys(parts.keys() - in_merged, Hop.PARTS),
        arrived={
            # Several batches of a shard at a time overtake each other.
            Hop.RAW: behind | on_processed | aside if in_order else frozenset(),
            Hop.PROCESSED: behind,
            Hop.CHUNKS: frozenset(in_done),
            Hop.PARTS: in_merged,
        },
    )


def _ids(data: bytes, heads: Heads) -> list[str]:
    return [head.event_id for frame in frames(data) if (head := heads.read(frame)) is not None]


def _is_merged(site: Site, part: str) -> bool:
    tags = site.s3.get_object_tagging(Bucket=site.data_bucket, Key=part)["TagSet"]
    return MERGED_TAG in tags
