"""Adds reference data to an event: a join of one of its fields with a snapshot, and nothing that varies.

The result depends on the event and the snapshot alone (no clock, no arrival time), so that an event which is
delivered again is enriched to the same bytes.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from wavetank.pipeline.avro import storable
from wavetank.pipeline.avro.events import TIME_FIELD
from wavetank.pipeline.avro.model import Field
from wavetank.pipeline.avro.resolution import Problem
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.enrichment import Enrichment
from wavetank.pipeline.records import Event, Fields

Snapshot = Mapping[str, Mapping[str, Any]]
"""Join key → row."""


def enrich(fields: Fields, enrichment: Enrichment | None, snapshot: Snapshot) -> dict[str, Any]:
    """`fields` and the columns of the row they join with; null columns where there is no such row."""
    if enrichment is None:
        return dict(fields)
    key = fields.get(enrichment.on)
    row = {} if key is None else snapshot.get(str(key), {})
    return {**fields, **{column: row.get(column) for column in enrichment.add}}


def processed(event: Event, enrichment: Enrichment | None, snapshot: Snapshot, target: Schema) -> dict[str, Any]:
    """The fields of `event` as they go on in `target`: enriched, its time in the unit that `target` counts in."""
    time = event.time_us // target.micros_per_time_unit
    return {**enrich(event.fields, enrichment, snapshot), TIME_FIELD: time}


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
        field
        for field in target.avro.fields
        if field.name in enrichment.add and field.name != TIME_FIELD and storable.is_restricted(field.type)
    ]
