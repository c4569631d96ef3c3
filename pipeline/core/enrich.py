"""Adds reference data to an event: a join of some of its fields with a snapshot, and nothing that varies.

The snapshot is the one that was in effect when the record arrived at its stream. So the result depends on the event and
its arrival alone, no clock, and a record that is processed again is enriched to the same bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, Protocol

from wavetank.pipeline.avro import storable
from wavetank.pipeline.avro.events import AS_OF_FIELD, TIME_FIELD, has_as_of
from wavetank.pipeline.avro.model import Field, Type
from wavetank.pipeline.avro.python_values import unscaled
from wavetank.pipeline.avro.reference_columns import MICROS_PER_UNIT, decimal_in, logical_in
from wavetank.pipeline.avro.resolution import Problem
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.enrichment import Enrichment, Reference
from wavetank.pipeline.errors import RetryLater
from wavetank.pipeline.records import Event, Fields
from wavetank.pipeline.reference.index import Entry
from wavetank.pipeline.reference.snapshot import Snapshot
from wavetank.pipeline.reference.table import Key, Kind, Row, Table

Convert = Callable[[Any], Any]


class UnfitReference(RetryLater):
    """A snapshot has another key than events are joined by: they wait until the one or the other is mended."""


class References(Protocol):
    """Reference data by name, as of a time."""

    def as_of(self, name: str, arrived_us: int) -> tuple[Entry, Snapshot]:
        """The entry in effect for records that arrived at a time, and its snapshot. Raises RetryLater."""
        ...


class Join:
    """A join of events of a processed schema with the snapshots of a table: which row, and its columns as written."""

    def __init__(self, enrichment: Enrichment, table: Table, target: Schema) -> None:
        """Raises UnfitReference where the table has another number of key columns."""
        if len(enrichment.on) != len(table.key):
            raise UnfitReference(
                f"reference {enrichment.reference}: its snapshot has the key {', '.join(table.key)}, and events are "
                f"joined by {', '.join(enrichment.on)}; a reference with another key is published by another name"
            )
        kinds = [table.type_of(name).kind for name in table.key]
        self._on = [(name, kind is Kind.STRING) for name, kind in zip(enrichment.on, kinds, strict=True)]
        types = {part.name: part.type for part in target.avro.fields}
        columns = {column.name: column.type.kind for column in table.columns}
        self._nulls = dict.fromkeys(enrichment.add)
        # A column that the reference had not as of then is null, as one that an older schema had not.
        self._columns = [
            (name, _writer(columns[name], types.get(name), name)) for name in enrichment.add if name in columns
        ]

    def key(self, fields: Fields) -> Key | None:
        """The key of the row that an event joins with; None where a field of it is null."""
        values = []
        for name, is_text in self._on:
            value = fields.get(name)
            if value is None:
                return None
            values.append(str(value) if is_text else value)
        return tuple(values)

    def columns(self, row: Mapping[str, Any] | None) -> dict[str, Any]:
        """The columns of a row as the processed schema has them; nulls for none. Raises Misfit."""
        columns = dict(self._nulls)
        if row is not None:
            for name, write in self._columns:
                value = row[name]
                columns[name] = value if value is None or write is None else write(value)
        return columns


@dataclass(frozen=True, slots=True)
class InEffect:
    """The reference data in effect at a time: snapshots by name, the join of events, and the look-ups of own code."""

    entries: tuple[Entry, ...] = ()
    snapshots: Mapping[str, Snapshot] = field(default_factory=dict)
    join: Join | None = None
    reference: Reference = field(init=False)

    def __post_init__(self) -> None:
        look_ups = {name: partial(_row, snapshot) for name, snapshot in self.snapshots.items()}
        object.__setattr__(self, "reference", Reference(look_ups))

    @property
    def since_us(self) -> int | None:
        """Since when all of it is in effect; None where an event type has no reference data."""
        return max((entry.from_us for entry in self.entries), default=None)


@dataclass(slots=True)
class Enricher:
    """Enriches the events of a batch, each as of its arrival, and counts.

    names: of the references that the event type uses. look_ups: events that were joined by a key; misses: those of them
    for whose key there was no row.
    """

    target: Schema
    enrichment: Enrichment | None = None
    names: Sequence[str] = ()
    references: References | None = None
    look_ups: int = 0
    misses: int = 0
    _last: InEffect = field(default_factory=InEffect)
    _says_as_of: bool = field(init=False)

    def __post_init__(self) -> None:
        self._says_as_of = has_as_of(self.target.avro)

    def in_effect(self, arrived_us: int) -> InEffect:
        """The reference data in effect for a record. Raises RetryLater where that is not known, or cannot be had."""
        if self.references is None or not self.names:
            return self._last
        pairs = {name: self.references.as_of(name, arrived_us) for name in self.names}
        entries = tuple(entry for entry, _ in pairs.values())
        # The last one alone is kept, so that a batch over many changes has no more in memory than any other.
        if entries != self._last.entries:
            snapshots = {name: snapshot for name, (_, snapshot) in pairs.items()}
            join = None
            if self.enrichment is not None:
                join = Join(self.enrichment, snapshots[self.enrichment.reference].table, self.target)
            self._last = InEffect(entries, snapshots, join)
        return self._last

    def enriched(self, event: Event, known: InEffect) -> dict[str, Any]:
        """The fields of an event as they go on: joined, as of when, and its time in the unit of the processed schema.

        Raises Misfit for a column that is no value of its field.
        """
        fields = {**event.fields, TIME_FIELD: event.time_us // self.target.micros_per_time_unit}
        if known.join is not None and self.enrichment is not None:
            row, key = None, known.join.key(event.fields)
            if key is not None:
                row = known.snapshots[self.enrichment.reference].find(key)
                self.look_ups += 1
                self.misses += row is None
            fields |= known.join.columns(row)
        if self._says_as_of:
            fields[AS_OF_FIELD] = known.since_us
        return fields


def _row(snapshot: Snapshot, values: tuple[object, ...]) -> Row | None:
    """The row of a key that own code looks up. Raises TypeError."""
    key = snapshot.table.typed_key(values)
    return None if key is None else snapshot.find(key)


def misfit(fields: Fields, enrichment: Enrichment | None, target: Schema) -> Problem | None:
    """The first column of an enriched event that `target` can be written with and that cannot be at rest, if any."""
    if enrichment is None:
        return None
    columns = _restricted(enrichment, target)
    return next(storable.field_misfits(fields, columns), None) if columns else None


@lru_cache(256)
def _restricted(enrichment: Enrichment, target: Schema) -> Sequence[Field]:
    """The columns that an enrichment adds and whose types have values that cannot be at rest."""
    return [
        part
        for part in target.avro.fields
        if part.name in enrichment.add and part.name != TIME_FIELD and storable.is_restricted(part.type)
    ]


def _writer(kind: Kind, avro: Type | None, name: str) -> Convert | None:
    """A function that makes what is written of a column's values that are not null; None where they are the same."""
    if avro is None:
        return None
    if (number := decimal_in(avro)) is not None:
        return lambda value: unscaled(value, number, name)
    if kind is Kind.TIMESTAMP and (unit := MICROS_PER_UNIT.get(logical_in(avro))) is not None:
        return lambda micros: micros // unit
    return None
