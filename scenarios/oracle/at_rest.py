"""The data at rest as plain values: the ledger and the checkers look at them beside the history.

These are the words of the oracle (`scenarios.oracle.avro`). A reader of the buckets translates into them.
"""

import datetime
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from wavetank.scenarios.oracle.history import EVENT_ID, Value
from wavetank.scenarios.oracle.own_code import Fate, OwnCode
from wavetank.scenarios.oracle.promises import HASH_BUCKETS, LOOK_BACK_HOURS

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

    event_id is empty where the payload could not be read.
    """

    event_type: str
    reason: str
    payload: str
    source: str
    event_id: str = ""


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
    """The enrichment that the pipeline promises: the fields `add` of the reference row whose key is in field `on`."""

    on: str
    add: tuple[str, ...]
    rows: Mapping[str, Mapping[str, Value]]


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
    was deployed first, where it was mended on the way.
    """

    buckets: int
    enrichments: Mapping[str, Enrichment] = field(default_factory=dict)
    covered: frozenset[int] | None = None
    declared: Mapping[str, Declared] = field(default_factory=dict)
    own: Mapping[str, OwnCode] = field(default_factory=dict)
    own_before: Mapping[str, OwnCode] = field(default_factory=dict)

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

    def expected(self, event_type: str, sent: Mapping[str, Value]) -> dict[str, Value]:
        """The content at rest of an event that was sent so: its fields, and what enrichment and own code make of it."""
        content = self._joined(event_type, sent)
        own = self.own.get(event_type)
        return content if own is None else present(own.result(content).content)

    def fate(self, event_type: str, sent: Mapping[str, Value], *, before: bool = False) -> Fate:
        """What the own code of an event type makes of an event that was sent so; `before` it was mended."""
        own = self.own_before.get(event_type) if before else None
        own = own or self.own.get(event_type)
        return Fate.GOES_ON if own is None else own.result(self._joined(event_type, sent)).fate

    def _joined(self, event_type: str, sent: Mapping[str, Value]) -> dict[str, Value]:
        """The fields of an event and those of the reference row that it is joined with."""
        content = present(sent)
        enrichment = self.enrichments.get(event_type)
        if enrichment is not None:
            row = enrichment.rows.get(str(content.get(enrichment.on)), {})
            content |= present({name: row.get(name) for name in enrichment.add})
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
