"""The conservation ledger: where every event that was ever attempted is now, per event type.

Of the ids of one event type (an id counts once, however often it was sent):

    attempted     sent at least once
    acknowledged  at least one attempt ended ok
    unknown       no attempt ended ok, at least one ended unknown: it may have been taken
    refused       every attempt surely failed

Acknowledged and unknown ids are *owed*. Each owed id is in exactly one class, the first that fits:

    landed        at rest in the data of record (Avro), in whatever partition, once for each event that it is: copies
                  whose hours are further apart than the look-back are several
    quarantined   set aside, with a reason
    dropped       dropped on purpose by the own code of its event type, and nowhere: all copies of it
    late          kept for an hour that has left the look-back, or in a part of one that no run was asked for
    lost          acknowledged, and nowhere
    absent        unknown, and nowhere: it was never taken

    attempted = acknowledged + unknown + refused
    acknowledged + unknown = landed + quarantined + dropped + late + lost + absent

And of the records (a record counts each time it is there):

    duplicated    copies of an id beyond the first of each event that it is, over all partitions together
    corrupted     content other than what was sent and what the enrichment adds to it
    misplaced     in a partition that the id and time, as sent, do not belong to, or in the place of an earlier copy
    unexpected    at rest or set aside, but never attempted, or every attempt surely failed
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import NamedTuple

from wavetank.scenarios.oracle.at_rest import HOUR_US, AtRest, Model, Partition, Stored, canonical, present
from wavetank.scenarios.oracle.history import History, Operation, Outcome
from wavetank.scenarios.oracle.own_code import Fate
from wavetank.scenarios.oracle.references import AS_OF

MILLI_US = 1_000
"""Kinesis tells arrivals in milliseconds."""


@dataclass(frozen=True)
class Ledger:
    """The counts of one event type; the module says what each means."""

    attempted: int = 0
    acknowledged: int = 0
    unknown: int = 0
    refused: int = 0
    landed: int = 0
    quarantined: int = 0
    dropped: int = 0
    late: int = 0
    lost: int = 0
    absent: int = 0
    duplicated: int = 0
    corrupted: int = 0
    misplaced: int = 0
    unexpected: int = 0

    @property
    def balanced(self) -> bool:
        """Whether every id is in exactly one class."""
        attempted = self.acknowledged + self.unknown + self.refused
        classed = self.landed + self.quarantined + self.dropped + self.late + self.lost + self.absent
        return self.attempted == attempted and self.acknowledged + self.unknown == classed

    def __add__(self, other: "Ledger") -> "Ledger":
        return Ledger(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Ledger)))

    def counts(self) -> dict[str, int]:
        """The counts by name, in the order of the definitions."""
        return asdict(self)


@dataclass(frozen=True)
class Entry:
    """The ledger of one event type and, of each count that should be none, the ids concerned (sorted)."""

    ledger: Ledger
    ids: Mapping[str, tuple[str, ...]]


def draw_up(history: History, at_rest: AtRest, model: Model) -> dict[str, Entry]:
    """The ledger of every event type that was attempted or is at rest; a pure function of its arguments."""
    types = {record.partition.event_type for record in at_rest.avro}
    types |= {record.event_type for record in at_rest.quarantine}
    types |= set(history.event_types)
    return {event_type: _entry(event_type, history, at_rest, model) for event_type in sorted(types)}


def total(entries: Mapping[str, Entry]) -> Ledger:
    """All event types together."""
    return sum((entry.ledger for entry in entries.values()), Ledger())


def _entry(event_type: str, history: History, at_rest: AtRest, model: Model) -> Entry:
    operations = history.of(event_type)
    sent: defaultdict[str, list[Operation]] = defaultdict(list)
    for operation in operations:
        sent[operation.event_id].append(operation)
    attempted = set(sent)
    acknowledged = {o.event_id for o in operations if o.outcome is Outcome.OK}
    unknown = {o.event_id for o in operations if o.outcome is Outcome.UNKNOWN} - acknowledged
    owed = acknowledged | unknown

    records = [record for record in at_rest.avro if record.partition.event_type == event_type]
    set_aside, strangers = _set_aside(event_type, operations, at_rest)

    copies = Counter(record.event_id for record in records)
    kept = {event_id: _kept(some, history, model) for event_id, some in sent.items()}
    aside = _Aside.of(event_type, at_rest)
    doomed = {event_id for event_id, some in kept.items() if not some}
    hours = {event_id: _hours(event_type, some, model) for event_id, some in kept.items()}
    there = _events_there(records, hours)
    at_home = owed & set(copies) - doomed
    landed = {event_id for event_id in at_home if there[event_id] >= len(hours[event_id].needed)}
    dropped = owed & doomed - set(copies)
    quarantined = (owed & set_aside) - landed - dropped
    waiting = {r.event_id for r in at_rest.parts if r.partition.event_type == event_type}
    put_aside = {r.event_id for r in at_rest.late if r.partition.event_type == event_type}
    unasked = {i for i in owed & waiting if not any(model.is_covered(o.event_time_us) for o in sent[i])}
    late = (owed & put_aside | unasked) - landed - quarantined - dropped
    nowhere = owed - landed - quarantined - late - dropped
    unexpected = [record.event_id for record in records if record.event_id not in owed - doomed]
    expected = [record for record in records if record.event_id in owed - doomed]
    surplus = copies - there
    wrong = {
        "lost": sorted(nowhere & acknowledged),
        "duplicated": sorted(surplus.elements()),
        "corrupted": sorted(
            r.event_id for r in expected if not _is_as_sent(r, _copies(kept[r.event_id], history, aside, model), model)
        ),
        "misplaced": sorted(
            r.event_id
            for r in expected
            if not any(_is_home(r, o, model) for o in sent[r.event_id])
            or (r.event_id not in surplus and not _may_be_in(r.partition.hour_number, hours[r.event_id]))
        ),
        "unexpected": sorted(unexpected + strangers),
    }
    ledger = Ledger(
        attempted=len(attempted),
        acknowledged=len(acknowledged),
        unknown=len(unknown),
        refused=len(attempted - owed),
        landed=len(landed),
        quarantined=len(quarantined),
        dropped=len(dropped),
        late=len(late),
        absent=len(nowhere & unknown),
        **{name: len(ids) for name, ids in wrong.items()},
    )
    ids = wrong | {"quarantined": sorted(quarantined), "dropped": sorted(dropped), "late": sorted(late)}
    return Entry(ledger, {name: tuple(some) for name, some in ids.items()})


def arrivals(sent: Operation, history: History, model: Model) -> tuple[int, ...]:
    """The times at which copies of an attempt may have arrived, one for all between which nothing differs.

    Where none was seen, that is any time; where reference data never changed, it is no matter.
    """
    moments = model.moments(sent.event_type)
    return moments if len(moments) == 1 else history.arrivals.get(sent.payload) or moments


def _kept(sent: list[Operation], history: History, model: Model) -> list[Operation]:
    """The copies of an event that are not dropped on purpose; of an event type without code of its own, all."""
    if not sent or sent[0].event_type not in model.own:
        return sent

    def is_dropped(one: Operation) -> bool:
        fates = (model.fate(one.event_type, one.content, at) for at in arrivals(one, history, model))
        return all(fate is Fate.DROPPED for fate in fates)

    return [one for one in sent if one.flaw or not is_dropped(one)]


@dataclass(frozen=True)
class _Aside:
    """The copies of an event type that were set aside, so that another one may be at rest in their place.

    records: payload and arrival (milliseconds) of those at the processor; ids: of those anywhere else.
    """

    records: frozenset[tuple[str, int]]
    ids: frozenset[str]

    @classmethod
    def of(cls, event_type: str, at_rest: AtRest) -> "_Aside":
        """Those in the quarantine, re-driven or not."""
        there = [record for record in at_rest.quarantine if record.event_type == event_type]
        return cls(
            frozenset((each.payload, each.arrived_us // MILLI_US) for each in there if each.arrived_us is not None),
            frozenset(each.event_id for each in there if each.arrived_us is None),
        )


class _Copy(NamedTuple):
    """A copy of an event as of its arrival; is_sure: it went on to rest, as far as is known."""

    sent: Operation
    arrived_us: int
    is_sure: bool


def _copies(sent: Iterable[Operation], history: History, aside: _Aside, model: Model) -> list[_Copy]:
    """The copies of an id; of one moment those of all arrivals that there may have been."""
    copies = []
    for one in sent:
        seen = history.arrivals.get(one.payload, ())
        for at in arrivals(one, history, model):
            is_aside = (one.payload, at // MILLI_US) in aside.records or one.event_id in aside.ids
            copies.append(_Copy(one, at, at in seen and not one.flaw and not is_aside))
    return copies


class _Hours(NamedTuple):
    """The hours since the epoch in which an id has to be at rest, and those in which it may be."""

    needed: frozenset[int] = frozenset()
    allowed: frozenset[int] = frozenset()


def _hours(event_type: str, sent: Iterable[Operation], model: Model) -> _Hours:
    """The hours of the sound copies of one id, without those that an earlier copy in reach stands for.

    A copy whose answer is unknown may be there or not. An hour that no run was asked for need not have it yet.
    """
    sound = [operation for operation in sent if not operation.flaw and operation.outcome is not Outcome.FAIL]
    sure = {o.event_time_us // HOUR_US for o in sound if o.outcome is Outcome.OK}
    maybe = {o.event_time_us // HOUR_US for o in sound}
    needed = (hour for hour in sure if model.is_covered(hour * HOUR_US))
    return _Hours(model.separate(event_type, needed, maybe), model.separate(event_type, maybe, sure))


def _may_be_in(hour: int, hours: _Hours) -> bool:
    """Whether an id may be at rest in an hour; one without a sound copy is judged by other rules."""
    return not hours.allowed or hour in hours.allowed


def _events_there(records: Iterable[Stored], hours: Mapping[str, _Hours]) -> Counter[str]:
    """The number of events of each id at rest: one, or one for each hour in which it is and may be."""
    hours_there: defaultdict[str, set[int]] = defaultdict(set)
    for record in records:
        hours_there[record.event_id].add(record.partition.hour_number)
    return Counter(
        {
            event_id: max(1, len(its_hours & hours[event_id].allowed)) if event_id in hours else 1
            for event_id, its_hours in hours_there.items()
        }
    )


def _set_aside(event_type: str, operations: Iterable[Operation], at_rest: AtRest) -> tuple[set[str], list[str]]:
    """The ids in quarantine, by the bytes that were sent; and the payloads in it that were never sent."""
    by_payload = {operation.payload: operation.event_id for operation in operations}
    known_ids = set(by_payload.values())
    ids: set[str] = set()
    strangers: list[str] = []
    for record in at_rest.quarantine:
        if record.event_type != event_type:
            continue
        event_id = by_payload.get(record.payload, record.event_id)
        if event_id in known_ids:
            ids.add(event_id)
        else:
            strangers.append(event_id or f"payload {record.payload[:12]}")
    return ids, strangers


def _is_home(record: Stored, sent: Operation, model: Model) -> bool:
    """Whether the record is in the partition of the event that was sent."""
    return record.partition == model.partition_of(sent.event_type, sent.event_id, sent.event_time_us)


def _is_as_sent(record: Stored, copies: list[_Copy], model: Model) -> bool:
    """Whether the record is what was sent, as of its arrival.

    Of several copies under one id in a partition the earliest wins, and of those the one that was enriched as of the
    earliest. A copy that may not have come so far may be the one, and need not.
    """
    content = canonical(present(record.content))
    rivals = [copy for copy in copies if _is_home(record, copy.sent, model)] or copies
    first = min(copy.sent.event_time_us for copy in rivals)
    winners = [copy for copy in rivals if copy.sent.event_time_us == first]
    event_type = winners[0].sent.event_type

    def since(copy: _Copy) -> int:
        since_us = model.in_effect(event_type, copy.arrived_us).since_us if event_type in model.dated else None
        return -1 if since_us is None else since_us

    bound = min((since(copy) for copy in winners if copy.is_sure), default=None)
    for copy in winners:
        as_it_came = model.expected(event_type, copy.sent.content, copy.arrived_us)
        if model.undated and content == canonical({name: as_it_came[name] for name in as_it_came if name != AS_OF}):
            return True
        if (bound is None or since(copy) <= bound) and content == canonical(as_it_came):
            return True
    return False


def contents(records: Iterable[Stored]) -> Counter[tuple[Partition, str, str]]:
    """The records as a multiset of (partition, id, content), to compare two copies of the same data."""
    return Counter((record.partition, record.event_id, canonical(present(record.content))) for record in records)
