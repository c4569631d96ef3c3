"""Limits on the cost of a schema: how many types it stands for, and whether anything can be written with it.

A named type is defined once and may be used any number of times, so a document of a few lines can stand for more types
than there is time to visit: records that each use the next one twice double with every level.
"""

from math import inf

from wavetank.pipeline.avro.model import Array, Fixed, Map, Primitive, Record, Type, Union

MOST_TYPES = 10_000
"""Types in a schema, each counted as often as it is used; a record within itself counts once."""
DEEPEST = 64
"""Levels of records inside records in a value; a record that contains itself is cut off there."""


def problem(avro: Type) -> str:
    """Why a schema cannot be used though it is one, in a sentence; empty where it can. Linear in the document."""
    records: dict[int, Record] = {}
    sizes: dict[int, int] = {}
    size = _size(avro, records, sizes)
    if size > MOST_TYPES:
        return (
            f"stands for {size:,} types, counted as often as they are used; {MOST_TYPES:,} may be: "
            f"use named records less often inside one another"
        )
    # Of each record the levels of its shallowest value. A record is used within itself or after it is complete, so that
    # passes settle as fast as definitions are nested.
    depths: dict[int, float] = dict.fromkeys(records, inf)
    settled = False
    while not settled:
        settled = True
        for record in records.values():
            depth = 1 + max((_depth(field.type, depths) for field in record.fields), default=0)
            if depth < depths[id(record)]:
                depths[id(record)], settled = depth, False
    too_deep = next((record for record in records.values() if depths[id(record)] > DEEPEST), None)
    if too_deep is None or _depth(avro, depths) <= DEEPEST:
        return ""
    if depths[id(too_deep)] < inf:
        return f"a value of record {too_deep.name} has records nested more than {DEEPEST} deep, which is refused"
    return f"record {too_deep.name} has no finite value: it always contains itself; make a field of it optional"


def is_empty(avro: Type) -> bool:
    """Whether values of a type may take no bytes at all."""
    return _is_empty(avro, {})


def _is_empty(avro: Type, records: dict[int, bool]) -> bool:
    match avro:
        case Primitive(name):
            return name == "null"
        case Fixed(_, _, size):
            return size == 0
        case Record():
            if id(avro) not in records:
                records[id(avro)] = True
                records[id(avro)] = all(_is_empty(field.type, records) for field in avro.fields)
            return records[id(avro)]
    return False


def _size(avro: Type, records: dict[int, Record], sizes: dict[int, int]) -> int:
    """The number of types; notes each record when it is complete, those within before."""
    match avro:
        case Array(inner) | Map(inner):
            return 1 + _size(inner, records, sizes)
        case Union(branches):
            return 1 + sum(_size(branch, records, sizes) for branch in branches)
        case Record() if id(avro) not in sizes:
            sizes[id(avro)] = 1
            sizes[id(avro)] = 1 + sum(_size(field.type, records, sizes) for field in avro.fields)
            records[id(avro)] = avro
        case Record():
            pass
        case _:
            return 1
    return sizes[id(avro)]


def _depth(avro: Type, depths: dict[int, float]) -> float:
    match avro:
        case Union(branches):
            return min((_depth(branch, depths) for branch in branches), default=inf)
        case Record():
            return depths[id(avro)]
    return 0
