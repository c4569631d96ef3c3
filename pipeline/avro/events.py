"""Rules that make an Avro schema the schema of an event: its id, its time, and as of when it was enriched."""

from collections.abc import Iterator

from wavetank.pipeline.avro import defaults
from wavetank.pipeline.avro.model import Logical, Primitive, Record, Type, Union

ID_FIELD = "event_id"
TIME_FIELD = "event_time"
AS_OF_FIELD = "enriched_as_of"
"""Since when the reference data are in effect that an event was enriched with: the processor alone sets it."""
AS_OF_DECLARATION = '["null", {"type": "long", "logicalType": "timestamp-micros"}]'
"""The type of that field, as a schema has it; its default is null."""
_NULL, _MICROS = Primitive("null"), Primitive("long", Logical("timestamp-micros"))
MICROS_PER_UNIT = {"timestamp-micros": 1, "timestamp-millis": 1_000}


def problems(avro: Type) -> Iterator[str]:
    """A sentence for each rule that keeps `avro` from being an event's schema."""
    if not isinstance(avro, Record):
        yield "an event is an Avro record"
        return
    types = {field.name: field.type for field in avro.fields}
    event_id, time = types.get(ID_FIELD), types.get(TIME_FIELD)
    if not isinstance(event_id, Primitive) or event_id.name != "string":
        yield f'needs a field {ID_FIELD} of type "string", not optional'
    logical = time.logical.name if isinstance(time, Primitive) and time.logical else ""
    if not isinstance(time, Primitive) or time.name != "long" or logical not in MICROS_PER_UNIT:
        units = " or ".join(MICROS_PER_UNIT)
        yield f"needs a field {TIME_FIELD} of type long with logicalType {units}, not optional"
    yield from defaults.problems(avro)


def has_as_of(avro: Record) -> bool:
    """Whether events of a schema say as of when they were enriched."""
    return any(field.name == AS_OF_FIELD and _is_as_of(field.type) for field in avro.fields)


def as_of_problem(avro: Record) -> str | None:
    """Why a schema's field of that name is another one; None where it is not, and where there is none."""
    if any(field.name == AS_OF_FIELD for field in avro.fields) and not has_as_of(avro):
        return f"field {AS_OF_FIELD}: is of type {AS_OF_DECLARATION} with default null: the processor sets it"
    return None


def _is_as_of(avro: Type) -> bool:
    return isinstance(avro, Union) and avro.branches == (_NULL, _MICROS)
