"""Parquet has the types of the Avro schema and the values of the events."""

from collections.abc import Sequence
from decimal import Decimal
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from tests.unit.pipeline.avro.strategies import events
from tests.unit.pipeline.corpus import schema_of
from tests.unit.pipeline.examples import event, schema
from wavetank.pipeline.core.bulk.values import Bodies
from wavetank.pipeline.core.decode import decode, encode
from wavetank.pipeline.core.files import parquet
from wavetank.pipeline.core.files.columns import arrow_schema, table
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.errors import SchemaError
from wavetank.pipeline.records import Event

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


def written(fields: Sequence[dict[str, Any]], under: Schema, size: int = 1000) -> bytes:
    """The Parquet file of some events."""
    out = BytesIO()
    writer = parquet.Writer(out, under)
    for start in range(0, len(fields), size):
        writer.add(Bodies.of([encode(record, under) for record in fields[start : start + size]]))
    writer.close()
    return out.getvalue()


def test_nested_records_maps_arrays_enums_and_logical_types_come_through() -> None:
    table = pq.read_table(BytesIO(written([{**event(1), **VALUES}], RICH)))
    assert pa.types.is_dictionary(table.schema.field("kind").type)
    assert table.schema.field("event_time").type == pa.timestamp("us", tz="UTC")
    (row,) = table.to_pylist()
    assert row["event_time"].isoformat() == "2019-11-24T12:00:00+00:00"
    assert (row["place"]["x"], row["place"]["seen"].isoformat()) == (3, "2019-04-14")
    assert (row["tags"], row["counts"], row["kind"]) == (["p", "q"], [("n", 2**40)], "B")
    assert row["maybe"] == [("a", None), ("b", "x")]
    assert (row["raw"], row["hash"]) == (b"\x00\xff", b"ab")


def test_the_same_events_give_the_same_bytes() -> None:
    events = [{**event(number), **VALUES} for number in range(100)]
    assert written(events, RICH) == written(list(events), RICH) == written(events, RICH, size=7)


def test_a_union_of_several_types_is_refused_naming_the_field() -> None:
    with pytest.raises(SchemaError, match="either"):
        arrow_schema(schema({"name": "either", "type": ["int", "string"]}))


@settings(max_examples=300)
@given(events())
def test_columns_have_the_values_of_the_records(generated: tuple[dict[str, Any], dict[str, Any]]) -> None:
    document, fields = generated
    made = schema_of(document)
    try:
        columns = arrow_schema(made)
    except SchemaError:
        return
    bodies = [encode(record, made) for record in (fields, {**fields, "event_id": "other"})]
    arrow = table(Bodies.of(bodies), made)
    assert arrow.schema == columns
    names = [name for name in columns.names if name != "event_time"]
    decoded = [stored.fields for body in bodies if isinstance(stored := decode(body, made), Event)]
    rows = arrow.select(names).to_pylist(maps_as_pydicts="strict")
    assert rows == [{name: event_fields[name] for name in names} for event_fields in decoded]


def test_shapes_that_are_not_read_in_bulk_give_the_same_columns_as_those_that_are() -> None:
    tags = schema({"name": "tags", "type": {"type": "array", "items": "string"}})
    few, many = {**event(1), "tags": ["a"]}, {**event(2), "tags": ["b"] * 500}
    together = pq.read_table(BytesIO(written([few, many], tags))).to_pylist()
    assert [row["tags"] for row in together] == [["a"], ["b"] * 500]


def test_decimals_are_decimals() -> None:
    price = schema({"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}})
    values = [b"\x00", (12345).to_bytes(3, signed=True), (-7).to_bytes(1, signed=True)]
    fields = [{**event(number), "price": value} for number, value in enumerate(values)]
    prices = pq.read_table(BytesIO(written(fields, price))).column("price").to_pylist()
    assert prices == [Decimal("0.00"), Decimal("123.45"), Decimal("-0.07")]


def test_rows_are_said_to_be_sorted_by_time_and_enums_are_dictionaries() -> None:
    metadata = pq.read_metadata(BytesIO(written([{**event(1), **VALUES}], RICH)))
    assert [(column.column_index, column.descending) for column in metadata.row_group(0).sorting_columns] == [
        (1, False)
    ]
    assert metadata.row_group(0).column(1).is_stats_set
    assert metadata.row_group(0).column(1).compression == "ZSTD"


def test_a_record_that_contains_itself_is_refused_naming_the_field() -> None:
    node = {"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"]}]}
    with pytest.raises(SchemaError, match="contains itself"):
        arrow_schema(schema({"name": "chain", "type": node}))
