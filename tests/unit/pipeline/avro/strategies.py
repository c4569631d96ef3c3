"""Generated Avro schemas, with records of them."""

from itertools import count
from typing import Any

from hypothesis import strategies as st

SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(width=32, allow_nan=False),
    "double": st.floats(allow_nan=False),
    "bytes": st.binary(max_size=12),
    "string": st.text(max_size=12),
}
KINDS = ["scalar", "scalar", "scalar", "enum", "fixed", "array", "map", "union", "record"]
UNIONS = [
    ["null", "string"],
    ["int", "null"],
    ["bytes", "null"],
    ["null", "double", "string"],
    ["null", "boolean", "long"],
]
"""Without two branches that a value could fit: which of them is written is the writer's choice."""

Pair = tuple[Any, st.SearchStrategy[Any]]


@st.composite
def types(draw: st.DrawFn, depth: int = 3, numbers: Any = None) -> Pair:
    """A type, and a strategy for values of it."""
    numbers = numbers or count()
    kind = draw(st.sampled_from(KINDS if depth else KINDS[:5]))
    name = f"N{next(numbers)}"
    match kind:
        case "enum":
            symbols = draw(st.lists(st.sampled_from("ABCDEFG"), min_size=1, unique=True))
            return {"type": "enum", "name": name, "symbols": symbols}, st.sampled_from(symbols)
        case "fixed":
            size = draw(st.integers(1, 5))
            return {"type": "fixed", "name": name, "size": size}, st.binary(min_size=size, max_size=size)
        case "array":
            inner, values = draw(types(depth - 1, numbers))
            return {"type": "array", "items": inner}, st.lists(values, max_size=3)
        case "map":
            inner, values = draw(types(depth - 1, numbers))
            return {"type": "map", "values": inner}, st.dictionaries(st.text(max_size=4), values, max_size=3)
        case "union":
            branches = draw(st.sampled_from(UNIONS))
            return branches, st.one_of([SCALARS[branch] for branch in branches])
        case "record":
            return draw(records(depth - 1, numbers, name))
    scalar = draw(st.sampled_from(sorted(SCALARS)))
    return scalar, SCALARS[scalar]


@st.composite
def records(draw: st.DrawFn, depth: int = 3, numbers: Any = None, name: str = "Top") -> Pair:
    """A record type, and a strategy for records of it."""
    numbers = numbers or count()
    fields = {f"f{number}": draw(types(depth, numbers)) for number in range(draw(st.integers(0, 4)))}
    document = {
        "type": "record",
        "name": name,
        "fields": [{"name": field, "type": inner} for field, (inner, _) in fields.items()],
    }
    return document, st.fixed_dictionaries({field: values for field, (_, values) in fields.items()})


@st.composite
def events(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of an event, and the fields of one."""
    document, values = draw(records())
    fields = [
        {"name": "event_id", "type": "string"},
        {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        *document["fields"],
    ]
    event_id = draw(st.text(min_size=1, max_size=20))
    time_us = draw(st.integers(0, 253_402_300_799_999_999))
    return {**document, "fields": fields}, {"event_id": event_id, "event_time": time_us, **draw(values)}
