"""Shapes of contents: values at the ends of their types, and sizes at the limits of what carries them."""

import math
from collections.abc import Iterator, Mapping

from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME, Value
from wavetank.scenarios.workload.shapes.base import Base, event
from wavetank.scenarios.workload.synthetic import EventType, WorkloadEvent

FULL: Mapping[str, Value] = {
    "campaign": "men",
    "policy": "bts",
    "item_id": 7,
    "position": 1,
    "propensity": 0.25,
    "clicked": True,
    "user_features": {"feature": "a"},
    "attributes": {"agent": "b"},
}
"""An impression with a value in every column."""

INTS = (0, -1, 63, 64, -64, -65, 2**31 - 1, -(2**31))
DOUBLES = (0.0, -0.0, -1.5, 5e-324, 1.7976931348623157e308, math.inf, -math.inf, math.nan)
CAMPAIGNS = ("Men", "MEN", " men", "men ", "", "null", "None", "men\0", "ｍｅｎ", "women", "home-solar")
"""Join keys: some are nearly one that the reference data have, some are one."""
HEADER = "\x01WTK"
"""The first bytes of a frame, which may also be in a body."""
TEXTS = (
    "",
    "\0",
    HEADER,
    HEADER * 9,
    "ünï 広告 🏳️‍🌈",
    '{"a": [null, "\\"]}',
    "\ufeff",
    "\r\n",
    "Obj\x01",
    "PAR1",
    "%00",
)
STRING_BYTES = (63, 64, 8_191, 8_192)
"""At these lengths the number in front of a string takes another byte."""
ENTRIES = (63, 64, 300)

MAX_RECORD_BYTES = 1024 * 1024
"""Of a Kinesis record, its partition key included."""
FRAME_BYTES = 32
ENRICHED_BYTES = 4
"""An enrichment of a campaign that nobody knows adds two nulls, and that it was in effect since ever: two bytes."""


def values(base: Base) -> Iterator[WorkloadEvent]:
    """Events with null in every column and in each, with the ends of every type, and text that looks like something."""
    records: list[tuple[EventType, Mapping[str, Value]]] = [(event_type, {}) for event_type in EventType]
    records += [(EventType.IMPRESSION, {name: FULL[name] for name in FULL if name != absent}) for absent in FULL]
    records += [(EventType.IMPRESSION, {**FULL, "item_id": number, "position": -number - 1}) for number in INTS]
    records += [(EventType.IMPRESSION, {**FULL, "propensity": number, "clicked": False}) for number in DOUBLES]
    records += [(EventType.CONVERSION, {"campaign": "all", "value": number, "currency": ""}) for number in DOUBLES]
    records += [(EventType.CLICK, {"campaign": campaign, "position": -1}) for campaign in CAMPAIGNS]
    records += [(EventType.CLICK, {"campaign": "men", "attributes": {text: text}}) for text in TEXTS]
    records += [
        (EventType.CLICK, {"attributes": {f"key.{number:03}": str(number) for number in range(entries)}})
        for entries in ENTRIES
    ]
    order = ("z", "a", "m")
    records += [
        (EventType.CLICK, {"attributes": dict.fromkeys(names, "x")}) for names in (order, sorted(order), order[::-1])
    ]
    for number, ((event_type, fields), time_us) in enumerate(zip(records, base.times(), strict=False)):
        yield event(event_type, f"value-{base.run}-{number}", time_us, fields)


def sizes(base: Base) -> Iterator[WorkloadEvent]:
    """Impressions of a few bytes, at the lengths of strings that matter, and of all that a Kinesis record holds."""
    moments = base.times()
    yield event(EventType.IMPRESSION, "1", next(moments))
    for length in STRING_BYTES:
        name = f"size-{base.run}-{length}"
        yield event(EventType.IMPRESSION, name, next(moments), {"attributes": {"text": "x" * length}})
    wide = "🌊" * 120
    for number, event_id in enumerate((f"full-{base.run}", f"{wide}{base.run}")):
        yield _filling(base, event_id, next(moments), short_of=number)


def _filling(base: Base, event_id: str, time_us: int, *, short_of: int) -> WorkloadEvent:
    """An impression that is so many bytes short of all that a record of the processed stream holds."""
    room = MAX_RECORD_BYTES - short_of - FRAME_BYTES - ENRICHED_BYTES - len(event_id.encode())

    def record(padding: int) -> dict[str, Value]:
        return {EVENT_ID: event_id, EVENT_TIME: time_us, "attributes": {"text": "x" * padding}}

    most = room // 2
    padding = most + room - base.body_bytes(EventType.IMPRESSION, record(most))
    return WorkloadEvent(EventType.IMPRESSION, record(padding))
