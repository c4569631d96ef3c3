"""Parquet has the types of the Avro schema and the values of the events."""

from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.core.columns import arrow_schema, parquet
from pipeline.core.container import Stored
from pipeline.core.decode import decode, encode
from pipeline.core.schema import Schema
from pipeline.errors import SchemaError
from pipeline.records import Event
from tests.unit.pipeline.examples import event, schema

NESTED = {
    "type": "record",
    "name": "Place",
    "fields": [{"name": "x", "type": "int"}, {"name": "seen", "type": {"type": "int", "logicalType": "date"}}],
}
RICH = schema(
    {"name": "place", "type": ["null", NESTED], "default": None},
    {"name": "tags", "type": {"type": "array", "items": "string"}},
    {"name": "counts", "type": {"type": "map", "values": "long"}},
    {"name": "maybe", "type": {"type": "map", "values": ["null", "string"]}},
    {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}},
    {"name": "raw", "type": "bytes"},
    {"name": "hash", "type": {"type": "fixed", "name": "Hash", "size": 2}},
)
VALUES = {
    "place": {"x": 3, "seen": 18_000},
    "tags": ["p", "q"],
    "counts": {"n": 2**40},
    "maybe": {"a": None, "b": "x"},
    "kind": "B",
    "raw": b"\x00\xff",
    "hash": b"ab",
}


def store(fields: dict[str, Any], under: Schema) -> Stored:
    body = encode(fields, under)
    decoded = decode(body, under)
    assert isinstance(decoded, Event)
    return Stored(decoded, body)


def test_nested_records_maps_arrays_enums_and_logical_types_come_through() -> None:
    table = pq.read_table(BytesIO(parquet([store({**event(1), **VALUES}, RICH)], RICH)))
    assert pa.types.is_dictionary(table.schema.field("kind").type)
    assert table.schema.field("event_time").type == pa.timestamp("us", tz="UTC")
    (row,) = table.to_pylist()
    assert row["event_time"].isoformat() == "2019-11-24T12:00:00+00:00"
    assert (row["place"]["x"], row["place"]["seen"].isoformat()) == (3, "2019-04-14")
    assert (row["tags"], row["counts"], row["kind"]) == (["p", "q"], [("n", 2**40)], "B")
    assert row["maybe"] == [("a", None), ("b", "x")]
    assert (row["raw"], row["hash"]) == (b"\x00\xff", b"ab")


def test_the_same_events_give_the_same_bytes() -> None:
    events = [store({**event(number), **VALUES}, RICH) for number in range(100)]
    assert parquet(events, RICH) == parquet(list(events), RICH)


def test_a_union_of_several_types_is_refused_naming_the_field() -> None:
    with pytest.raises(SchemaError, match="either"):
        arrow_schema(schema({"name": "either", "type": ["int", "string"]}))
