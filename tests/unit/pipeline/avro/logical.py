"""Generated event schemas with logical types and fixed of no bytes; values within and without their ranges.

Values are as on the wire: numbers for times, unscaled bytes for decimals.
"""

from itertools import count
from typing import Any

from hypothesis import strategies as st

from tests.unit.pipeline.avro.strategies import SCALARS, Pair

DAY_MS = 86_400_000
NUMBERS: dict[str, tuple[str, int, int]] = {
    "date": ("int", -719_162, 2_932_896),
    "time-millis": ("int", 0, DAY_MS - 1),
    "time-micros": ("long", 0, DAY_MS * 1_000 - 1),
    "timestamp-millis": ("long", -62_135_596_800_000, 253_402_300_799_999),
    "timestamp-micros": ("long", -62_135_596_800_000_000, 253_402_300_799_999_999),
    "timestamp-nanos": ("long", -9_223_372_036_000_000_000, 9_223_372_036_000_000_000),
    "local-timestamp-millis": ("long", -62_135_596_800_000, 253_402_300_799_999),
    "local-timestamp-micros": ("long", -62_135_596_800_000_000, 253_402_300_799_999_999),
    "local-timestamp-nanos": ("long", -9_223_372_036_000_000_000, 9_223_372_036_000_000_000),
}
"""Logical type → type, first and last value that can be at rest (the years 1 to 9999, a day, DuckDB's nanoseconds)."""
INVALID: list[Any] = [
    {"type": "long", "logicalType": "decimal", "precision": 4, "scale": 2},
    {"type": "string", "logicalType": "decimal", "precision": 4, "scale": 2},
    {"type": "bytes", "logicalType": "decimal", "precision": 2, "scale": 3},
    {"type": "string", "logicalType": "date"},
    {"type": "long", "logicalType": "nosuch"},
]
"""Logical types that are ignored."""


def within(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high) | st.sampled_from([low, high])


@st.composite
def decimals(draw: st.DrawFn, name: str, *, sound: bool) -> Pair:
    """A decimal of 1 to 45 digits, on bytes or fixed, of no more bytes than it takes or of many more."""
    precision = draw(st.integers(1, 45) | st.sampled_from([18, 19, 38, 39]))
    most = 10**precision - 1
    least_bytes = most.bit_length() // 8 + 1
    size = draw(st.integers(least_bytes, least_bytes + 20))
    logical = {"logicalType": "decimal", "precision": precision, "scale": draw(st.integers(0, precision))}
    numbers = within(-most, most)
    if not sound:
        numbers |= st.integers(-(2 ** (8 * size - 1)), 2 ** (8 * size - 1) - 1)
    if draw(st.booleans()):
        fixed = {"type": "fixed", "name": name, "size": size, **logical}
        return fixed, numbers.map(lambda number: number.to_bytes(size, signed=True))
    return {"type": "bytes", **logical}, st.builds(shortest, numbers, st.integers(0, 3))


def shortest(number: int, more: int) -> bytes:
    """A number in as few bytes as it takes, and some `more`."""
    return number.to_bytes(number.bit_length() // 8 + 1 + more, signed=True)


@st.composite
def types(draw: st.DrawFn, numbers: Any, *, depth: int, sound: bool) -> Pair:
    """A type that can be at rest, and a strategy for values of it; for those that can be at rest only where `sound`."""
    name = f"N{next(numbers)}"
    deeper = ["array", "map", "record", "optional"] if depth else []
    match draw(st.sampled_from(["number", "number", "decimal", "bytes", "scalar", "invalid", "enum", *deeper])):
        case "number":
            logical = draw(st.sampled_from(sorted(NUMBERS)))
            physical, low, high = NUMBERS[logical]
            values = within(low, high)
            return {"type": physical, "logicalType": logical}, values if sound else values | SCALARS[physical]
        case "decimal":
            return draw(decimals(name, sound=sound))
        case "bytes":
            size, logical = draw(st.sampled_from([(0, ""), (12, "duration"), (16, "uuid"), (16, ""), (4, "decimal")]))
            fixed = {"type": "fixed", "name": name, "size": size, **({"logicalType": logical} if logical else {})}
            return fixed, st.binary(min_size=size, max_size=size)
        case "enum":
            symbols = draw(st.lists(st.sampled_from("ABC"), min_size=1, unique=True))
            return {"type": "enum", "name": name, "symbols": symbols}, st.sampled_from(symbols)
        case "scalar":
            scalar = draw(st.sampled_from(sorted(SCALARS)))
            return scalar, SCALARS[scalar]
        case "invalid":
            document = draw(st.sampled_from(INVALID))
            return document, SCALARS[document["type"]]
        case "optional":
            inner, values = draw(types(numbers, depth=depth - 1, sound=sound))
            branches = draw(st.permutations(["null", inner]))
            # A union may not have null twice, nor be in a union.
            return (
                (branches, st.none() | values) if inner != "null" and not isinstance(inner, list) else (inner, values)
            )
        case "array":
            inner, values = draw(types(numbers, depth=depth - 1, sound=sound))
            return {"type": "array", "items": inner}, st.lists(values, max_size=3)
        case "map":
            inner, values = draw(types(numbers, depth=depth - 1, sound=sound))
            return {"type": "map", "values": inner}, st.dictionaries(st.text(max_size=4), values, max_size=3)
    fields = {f"f{at}": draw(types(numbers, depth=depth - 1, sound=sound)) for at in range(draw(st.integers(1, 3)))}
    documents = [{"name": field, "type": inner} for field, (inner, _) in fields.items()]
    record = {"type": "record", "name": name, "fields": documents}
    return record, st.fixed_dictionaries({field: values for field, (_, values) in fields.items()})


@st.composite
def landable(draw: st.DrawFn, *, sound: bool = True) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The schema of an event that can be at rest, and the fields of some; of those that can only where `sound`."""
    numbers = count()
    fields = {f"c{at}": draw(types(numbers, depth=2, sound=sound)) for at in range(draw(st.integers(1, 3)))}
    document = {
        "type": "record",
        "name": "Top",
        "fields": [
            {"name": "event_id", "type": "string"},
            {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-micros"}},
            *({"name": field, "type": inner} for field, (inner, _) in fields.items()),
        ],
    }
    rows = st.fixed_dictionaries({field: values for field, (_, values) in fields.items()})
    events = [
        {"event_id": f"id-{number}", "event_time": number, **draw(rows)} for number in range(draw(st.integers(1, 4)))
    ]
    return document, events
