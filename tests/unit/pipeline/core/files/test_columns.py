"""Parquet has the types of the Avro schema and the values of the events."""

from collections.abc import Sequence
from decimal import Context, Decimal
from io import BytesIO
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.pipeline.avro.logical import landable
from tests.unit.pipeline.avro.strategies import events
from tests.unit.pipeline.corpus import schema_of
from tests.unit.pipeline.examples import event, schema
from wavetank.pipeline.avro.model import Array, Fixed, Map, Primitive, Record, Type, Union
from wavetank.pipeline.avro.storable import NULL
from wavetank.pipeline.core.bulk.values import Bodies
from wavetank.pipeline.core.decode import decode, encode
from wavetank.pipeline.core.files import parquet
from wavetank.pipeline.core.files.columns import arrow_schema, table
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.core.sizes import Sizes
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


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_row_groups_are_full_but_the_last_however_rows_come(size: int) -> None:
    fields = [event(number) for number in range(23)]
    out = BytesIO()
    writer = parquet.Writer(out, RICH, Sizes(row_group_rows=7))
    for start in range(0, len(fields), size):
        some = [encode({**record, **VALUES}, RICH) for record in fields[start : start + size]]
        writer.add(Bodies.of(some))
    writer.close()
    file = pq.ParquetFile(BytesIO(out.getvalue()))
    assert [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)] == [7, 7, 7, 2]
    assert file.read().column("event_id").to_pylist() == [record["event_id"] for record in fields]


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


@pytest.mark.parametrize("places", [[None], [None, {"x": 3, "seen": 0}, None]])
def test_a_record_with_fields_may_be_null(places: list[dict[str, Any] | None]) -> None:
    fields = [{**event(number), **VALUES, "place": place} for number, place in enumerate(places)]
    read = pq.read_table(BytesIO(written(fields, RICH))).column("place").to_pylist()
    assert [place and place["x"] for place in read] == [place and place["x"] for place in places]


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


def shown(value: Any, avro: Type) -> Any:
    """A value as its column shows it, times as the numbers that they are."""
    match avro:
        case Primitive(_, logical) | Fixed(_, _, _, logical) if logical is not None:
            if logical.name == "decimal" and logical.precision <= 38:
                return Decimal(int.from_bytes(value, signed=True)).scaleb(-logical.scale, Context(prec=38))
            if logical.name == "uuid" and isinstance(value, bytes):
                return str(UUID(bytes=value))
            if logical.name == "duration":
                parts = ("months", "days", "milliseconds")
                return {part: int.from_bytes(value[4 * at : 4 * at + 4], "little") for at, part in enumerate(parts)}
        case Union(branches) if value is not None:
            return shown(value, next(branch for branch in branches if branch != NULL))
        case Array(inner):
            return [shown(item, inner) for item in value]
        case Map(inner):
            return {key: shown(item, inner) for key, item in value.items()}
        case Record():
            return {field.name: shown(value[field.name], field.type) for field in avro.fields}
    return value


def plain(arrow: Any) -> Any:
    """A column with times as numbers."""
    if pa.types.is_list(arrow.type):
        return pa.ListArray.from_arrays(arrow.offsets, plain(arrow.values), mask=arrow.is_null())
    if pa.types.is_map(arrow.type):
        return pa.MapArray.from_arrays(arrow.offsets, arrow.keys, plain(arrow.items), mask=arrow.is_null())
    if pa.types.is_struct(arrow.type):
        fields = [arrow.field(at) for at in range(arrow.type.num_fields)]
        return pa.StructArray.from_arrays(list(map(plain, fields)), names=arrow.type.names, mask=arrow.is_null())
    if pa.types.is_temporal(arrow.type):
        return arrow.view(pa.int32() if arrow.type.bit_width == 32 else pa.int64())
    return arrow


def parquet_rows(data: bytes) -> Any:
    """The rows of a Parquet file, times as numbers."""
    read = pq.read_table(BytesIO(data)).combine_chunks()
    arrays = [plain(column.chunk(0)) for column in read.columns]
    return pa.table(arrays, names=read.column_names).to_pylist(maps_as_pydicts="strict")


@settings(max_examples=300)
@given(landable(), st.booleans())
def test_whatever_can_be_at_rest_is_in_parquet_as_it_was(
    generated: tuple[dict[str, Any], list[dict[str, Any]]], one_each: bool
) -> None:
    made = schema_of(generated[0])
    data = written(generated[1], made, size=1 if one_each else 1000)
    assert parquet_rows(data) == [shown(fields, made.avro) for fields in generated[1]]
    assert not pq.read_table(BytesIO(written([], made))).num_rows


@pytest.mark.parametrize(
    ("avro", "value", "arrow"),
    [
        ({"type": "fixed", "name": "F", "size": 0}, b"", pa.binary()),
        ({"type": "array", "items": {"type": "enum", "name": "E", "symbols": []}}, [], None),
        (["null", {"type": "enum", "name": "E", "symbols": []}], None, pa.dictionary(pa.int32(), pa.string())),
        ({"type": "array", "items": "null"}, [None] * 3000, None),
        (["null"], None, pa.null()),
        ("null", None, pa.null()),
        ({"type": "map", "values": "null"}, {"a": None}, None),
        ({"type": "long", "logicalType": "decimal", "precision": 4, "scale": 2}, 7, pa.int64()),
        ({"type": "string", "logicalType": "decimal", "precision": 4, "scale": 2}, "1", pa.string()),
        ({"type": "bytes", "logicalType": "big-decimal"}, b"\x02\x01\x00", pa.binary()),
        ({"type": "bytes", "logicalType": "decimal", "precision": 39}, b"\x01", pa.binary()),
        ({"type": "fixed", "name": "F", "size": 20, "logicalType": "decimal", "precision": 39}, bytes(20), None),
        ({"type": "string", "logicalType": "uuid"}, "0190", pa.string()),
        ({"type": "fixed", "name": "F", "size": 16, "logicalType": "uuid"}, bytes(range(16)), pa.string()),
        ({"type": "long", "logicalType": "timestamp-nanos"}, 7, pa.timestamp("ns", tz="UTC")),
        ({"type": "long", "logicalType": "local-timestamp-nanos"}, 7, pa.timestamp("ns")),
    ],
)
def test_a_type_that_can_land_has_a_column(avro: Any, value: Any, arrow: pa.DataType | None) -> None:
    made = schema({"name": "x", "type": avro})
    assert not made.unusable
    if arrow is not None:
        assert arrow_schema(made).field("x").type == arrow
    fields = [{**event(number), "x": value} for number in range(3)]
    rows = parquet_rows(written(fields, made))
    assert [row["x"] for row in rows] == [shown(value, made.avro.fields[-1].type)] * 3
    parquet_rows(written(fields, made, size=1))
