"""Rules that make an Avro schema the schema of an event: its id and its time."""

from collections.abc import Iterator

from wavetank.pipeline.avro import defaults
from wavetank.pipeline.avro.model import Primitive, Record, Type

ID_FIELD = "event_id"
TIME_FIELD = "event_time"
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
