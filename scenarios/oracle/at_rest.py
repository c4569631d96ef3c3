"""The data at rest as plain values: the ledger and the checkers look at them beside the history.

These are the words of the oracle (`scenarios.oracle.avro`). A reader of the buckets translates into them.
"""

import datetime
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from wavetank.scenarios.oracle.avro import Type
from wavetank.scenarios.oracle.history import EVENT_ID, Value
from wavetank.scenarios.oracle.own_code import Fate, OwnCode
from wavetank.scenarios.oracle.promises import HASH_BUCKETS, LOOK_BACK_HOURS
from wavetank.scenarios.oracle.references import AS_OF, BEGINNING_US, InEffect, ReferenceHistory, key_of, word_of

HOUR_US = 3_600_000_000
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """The place of a record: event type, UTC date (YYYY-MM-DD) and hour of its event time, hash bucket."""

    event_type: str
    date: str
    hour: int
    bucket: int

    @property
    def hour_number(self) -> int:
        """The number of its hour, from the epoch."""
        days = (datetime.date.fromisoformat(self.date) - _EPOCH.date()).days
        return days * 24 + self.hour

    def __str__(self) -> str:
        return f"{self.event_type} {self.date} {self.hour:02d}h bucket {self.bucket:02d}"


@dataclass(frozen=True, slots=True)
class Stored:
    """A record in a file at rest: its content, the partition its file claims, and the file's key."""

    event_id: str
    content: Mapping[str, Value]
    partition: Partition
    source: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record set aside: its event type, why, and the SHA-256 (hex) of the original bytes.

    event_id is empty where the payload could not be read. arrived_us: the time at which the raw record arrived, None
    for what was set aside behind the processor.
    """

    event_type: str
    reason: str
    payload: str
    source: str
    event_id: str = ""
    arrived_us: int | None = None


@dataclass(frozen=True)
class AtRest:
    """The data bucket at one look.

    parts and late: of these only what was looked for. late is what is kept for hours that have left the look-back.
    digests: SHA-256 (hex) of the bytes of every file of the data of record, Avro and Parquet, by key.
    part_digests: MD5 (hex) of the bytes of every part file, by key.
    """

    avro: tuple[Stored, ...] = ()
    parquet: tuple[Stored, ...] = ()
    parts: tuple[Stored, ...] = ()
    late: tuple[Stored, ...] = ()
    quarantine: tuple[Quarantined, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    part_digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def empty_files(self) -> frozenset[str]:
        """The keys of the files of the data of record that hold no event."""
        return frozenset(self.digests) - {record.source for record in (*self.avro, *self.parquet)}


@dataclass(frozen=True)
class Enrichment:
    """The enrichment that the pipeline promises: the fields `add` of the reference's row whose key is in fields `on`.

    types: of the fields, where values of a row have another form in them.
    """

    reference: str
    on: tuple[str, ...]
    add: tuple[str, ...]
    types: Mapping[str, Type] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Declared:
    """The settings of an event type that decide what is right: an input of a run, like the events that are sent.

    reach_hours: copies of an id whose hours are at most so far apart are one event. partition_key: the field by whose
    value its events are put, which keep their order.
    """

    buckets: int = HASH_BUCKETS
    reach_hours: int = LOOK_BACK_HOURS
    partition_key: str = EVENT_ID


@dataclass(frozen=True)
class Model:
    """The model of correct data at rest: number of hash buckets, and the enrichment of each event type.

    covered: starts of the hours, in microseconds since the epoch, that the concatenator was asked to merge;
    None when it was asked for all of them. An hour outside is late, not lost. declared: what event types have that is
    not as usual; all others have so many `buckets`. own: the own code of event types, by name; own_before: that which
    was deployed first, where it was mended on the way. references: the reference data by name. dated: event types whose
    newest processed schema says as of when they were enriched; undated: what a release before processed does not.
    """

    buckets: int
    enrichments: Mapping[str, Enrichment] = field(default_factory=dict)
    covered: frozenset[int] | None = None
    declared: Mapping[str, Declared] = field(default_factory=dict)
    own: Mapping[str, OwnCode] = field(default_factory=dict)
    own_before: Mapping[str, OwnCode] = field(default_factory=dict)
    references: Mapping[str, ReferenceHistory] = field(default_factory=dict)
    dated: frozenset[str] = frozenset()
    undated: bool = False

    def of(self, event_type: str) -> Declared:
        """The settings of an event type."""
        return self.declared.get(event_type) or Declared(self.buckets)

    def partition_of(self, event_type: str, event_id: str, event_time_us: int) -> Partition:
        """The place where an event belongs: the bucket is the first 32 bits of the MD5 of its id, modulo how many."""
        moment = _EPOCH + datetime.timedelta(microseconds=event_time_us)
        start = hashlib.md5(event_id.encode(), usedforsecurity=False).hexdigest()[:8]
        return Partition(
            event_type, moment.date().isoformat(), moment.hour, int(start, 16) % self.of(event_type).buckets
        )

    def in_effect(self, event_type: str, arrived_us: int) -> InEffect:
        """The reference data that events of a type are enriched with which arrived at a time."""
        editions = {name: self.references[name].as_of(arrived_us) for name in self._used(event_type)}
        since_us = max((edition.since_us for edition in editions.values()), default=None)
        return InEffect(since_us, {name: edition.rows for name, edition in editions.items()})

    def moments(self, event_type: str) -> tuple[int, ...]:
        """The times from which on other reference data are in effect for events of a type, the beginning among them."""
        editions = (edition for name in self._used(event_type) for edition in self.references[name].editions)
        return tuple(sorted({BEGINNING_US, *(edition.since_us for edition in editions)}))

    @property
    def renews(self) -> bool:
        """Whether the reference data changed, so that it has to be known when records arrived."""
        return any(len(history.editions) > 1 for history in self.references.values())

    def expected(self, event_type: str, sent: Mapping[str, Value], arrived_us: int = BEGINNING_US) -> dict[str, Value]:
        """The content at rest of a copy that was sent so: its fields, and what enrichment and own code make of it."""
        known = self.in_effect(event_type, arrived_us)
        content = self._joined(event_type, sent, known)
        own = self.own.get(event_type)
        return content if own is None else present(own.result(content, known.rows).content)

    def fate(
        self, event_type: str, sent: Mapping[str, Value], arrived_us: int = BEGINNING_US, *, before: bool = False
    ) -> Fate:
        """What the own code of an event type makes of a copy that was sent so; `before` it was mended."""
        own = self.own_before.get(event_type) if before else None
        own = own or self.own.get(event_type)
        if own is None:
            return Fate.GOES_ON
        known = self.in_effect(event_type, arrived_us)
        return own.result(self._joined(event_type, sent, known), known.rows).fate

    def _used(self, event_type: str) -> frozenset[str]:
        """The names of the references that an event type uses, with its join or in its own code."""
        own, enrichment = self.own.get(event_type), self.enrichments.get(event_type)
        names = frozenset(own.references) if own is not None else frozenset[str]()
        return names if enrichment is None else names | {enrichment.reference}

    def _joined(self, event_type: str, sent: Mapping[str, Value], known: InEffect) -> dict[str, Value]:
        """The fields of an event and those of the reference row that it is joined with, and since when that is."""
        content = present(sent)
        enrichment = self.enrichments.get(event_type)
        if enrichment is not None:
            key = key_of([content.get(name) for name in enrichment.on])
            row = {} if key is None else known.rows[enrichment.reference].get(key, {})
            content |= present({name: word_of(row.get(name), enrichment.types.get(name)) for name in enrichment.add})
        if event_type in self.dated and known.since_us is not None:
            content[AS_OF] = known.since_us
        return content

    def is_covered(self, event_time_us: int) -> bool:
        """Whether the concatenator was asked for the hour of this time."""
        return self.covered is None or event_time_us // HOUR_US * HOUR_US in self.covered

    def separate(self, event_type: str, hours: Iterable[int], copies: Iterable[int]) -> frozenset[int]:
        """Those of some `hours` that no copy in reach comes before; hours are counted from the epoch."""
        earlier = frozenset(copies)
        reach = range(1, self.of(event_type).reach_hours + 1)
        return frozenset(hour for hour in hours if not any(hour - back in earlier for back in reach))


def present(content: Mapping[str, Value]) -> dict[str, Value]:
    """The fields that say something: by the schemas' defaults, missing, null and an empty map or list are the same."""
    return {name: value for name, value in content.items() if value is not None and value != {} and value != []}


def canonical(value: Value) -> str:
    """A value as text that is the same for equal values only: not a number equals itself, zero has two signs."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key!r}: {canonical(item)}' for key, item in sorted(value.items()))}}}"
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return f"[{', '.join(map(canonical, value))}]"
    return repr(value)
