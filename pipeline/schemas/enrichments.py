"""Reasons that keep an enrichment from being deployed: what it joins and adds has to fit the reference and the schema.

What is refused here would otherwise set every event aside, or leave columns empty for ever.
"""

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from wavetank.pipeline.avro import events
from wavetank.pipeline.avro.events import AS_OF_DECLARATION, AS_OF_FIELD, ID_FIELD, TIME_FIELD
from wavetank.pipeline.avro.model import InvalidSchema, Record, Type
from wavetank.pipeline.avro.parse import parse
from wavetank.pipeline.avro.reference_columns import column_problems, key_problems, scalar_problems
from wavetank.pipeline.components.reference_files import table_of
from wavetank.pipeline.components.references import ReferenceData
from wavetank.pipeline.enrichment import Enrichment
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.reference.table import Table
from wavetank.pipeline.schemas.shared import SharedTypes
from wavetank.pipeline.topology import REFERENCE_FOLDER, EventType, SchemaFile, Topology

ENRICHMENT_FILE = "enrichment.json"
SET = (ID_FIELD, TIME_FIELD, AS_OF_FIELD)
"""The fields that no reference gives: which event it is, where it lies, and as of when it was enriched."""
FIELD = f'{{"name": "{AS_OF_FIELD}", "type": {AS_OF_DECLARATION}, "default": null}}'


def refused(planned: Topology, published: Mapping[str, bytes]) -> Iterator[str]:
    """A sentence for each rule that the enrichment of an event type breaks, with the file and the way out.

    published: keys of versions that are published, which nobody can change.
    """
    for event in planned.events:
        file, avro = _newest(event)
        if avro is None:
            continue  # What is wrong with the schema is told of the schema.
        if file.key not in published and (problem := events.as_of_problem(avro)):
            yield f"{file.path}: {problem}"
        if event.enrichment is not None:
            where = event.folder / ENRICHMENT_FILE
            yield from (f"{where}: {problem}" for problem in _problems(event.enrichment, planned, file, avro))


def warnings(planned: Topology, published: Mapping[str, bytes]) -> Iterator[str]:
    """A sentence for each event type that is enriched and whose events do not say as of when."""
    for event in planned.events:
        file, avro = _newest(event)
        if avro is None or events.has_as_of(avro):
            continue
        if problem := events.as_of_problem(avro):
            if file.key in published:
                yield f"{file.path}: {problem}; what is published stays, and the processor leaves the field alone"
        elif event.enrichment is not None or (event.code is not None and event.code.references):
            yield (
                f"{file.path}: has no field {AS_OF_FIELD}, so that an event that is sent again after its reference "
                f"data have changed may take the place of the one that was there; add {FIELD} in "
                f"processed.v{file.version + 1}"
            )


def _problems(enrichment: Enrichment, planned: Topology, file: SchemaFile, avro: Record) -> Iterator[str]:
    try:
        reference = planned.reference(enrichment.reference)
        table = table_of(reference)
    except ConfigurationError as error:
        yield str(error)
        return
    types = {field.name: field.type for field in avro.fields}
    yield from _join_problems(enrichment, reference, table, types, file)
    yield from _column_problems(enrichment, reference, table, types, file)


def _join_problems(
    enrichment: Enrichment, reference: ReferenceData, table: Table, types: Mapping[str, Type], file: SchemaFile
) -> Iterator[str]:
    """Why the fields that events are joined by are none that the key of the reference could be equal to."""
    if len(enrichment.on) != len(table.key):
        yield (
            f'"on" is {_listed(enrichment.on)}, and the key of {reference.name} is {_listed(table.key)}: name one '
            "field for each column of the key, in its order"
        )
        return
    for name, column in zip(enrichment.on, table.key, strict=True):
        if name not in types:
            yield f'"on" names {name}, which is no field of {file.path.name}{_near(name, types)}'
            continue
        is_plain = reference.settings is None
        problems = scalar_problems(types[name]) if is_plain else key_problems(types[name], table.type_of(column))
        yield from (f'"on": field {name} of {file.path.name} {problem} ({column})' for problem in problems)


def _column_problems(
    enrichment: Enrichment, reference: ReferenceData, table: Table, types: Mapping[str, Type], file: SchemaFile
) -> Iterator[str]:
    """Why columns that are added are none of the reference's, or cannot be written in the processed schema."""
    columns = {column.name: column.type for column in table.columns}
    for name in enrichment.add:
        if name in SET:
            yield f'"add" names {name}, which no reference gives: give the column another name'
        elif name not in columns:
            where = f"{REFERENCE_FOLDER}/{reference.path.name}"
            yield f'"add" names {name}, which is no column of {where}{_near(name, columns)}'
        elif name not in types:
            yield (
                f'"add" names {name}, which is no field of {file.path.name}: add it in the next version, or take it '
                f'from "add"{_near(name, types)}'
            )
        else:
            problems = column_problems(types[name], columns[name], is_typed=reference.settings is not None)
            yield from (f'"add": field {name} of {file.path.name} {problem}' for problem in problems)


def _newest(event: EventType) -> tuple[SchemaFile, Record | None]:
    """The newest processed schema of an event type's folder; None for what is none."""
    file = max((file for file in event.schemas if file.role == "processed"), key=lambda file: file.version)
    try:
        avro = parse(json.loads(SharedTypes.beside(event.folder).self_contained(file.path.read_bytes())))
    except (InvalidSchema, ValueError, RecursionError):
        return file, None
    return file, avro if isinstance(avro, Record) else None


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def _near(name: str, names: Mapping[str, object]) -> str:
    """The nearest name, or all of them, as an end of a sentence."""
    near = get_close_matches(name, names, 1)
    return f"; is it {near[0]}?" if near else f"; there are: {', '.join(names)}"
