"""Writes merged events as Parquet, typed as their Avro schema says.

Avro specification, "Logical Types"; Parquet is written with a fixed version, codec and row group size, so that
the same events give the same bytes.
"""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.core.container import Stored
from pipeline.core.schema import Schema
from pipeline.errors import SchemaError

ROW_GROUP_ROWS = 128 * 1024

PRIMITIVES: dict[str, pa.DataType] = {
    "null": pa.null(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "bytes": pa.binary(),
    "string": pa.string(),
}
LOGICAL: dict[str, pa.DataType] = {
    "date": pa.date32(),
    "time-millis": pa.time32("ms"),
    "time-micros": pa.time64("us"),
    "timestamp-millis": pa.timestamp("ms", tz="UTC"),
    "timestamp-micros": pa.timestamp("us", tz="UTC"),
    "local-timestamp-millis": pa.timestamp("ms"),
    "local-timestamp-micros": pa.timestamp("us"),
}


def parquet(events: Iterable[Stored], schema: Schema) -> bytes:
    """The Parquet file of `events`, in their order."""
    table = pa.Table.from_pylist([dict(stored.event.fields) for stored in events], arrow_schema(schema))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, version="2.6", compression="zstd", compression_level=3, row_group_size=ROW_GROUP_ROWS)
    return sink.getvalue().to_pybytes()


def arrow_schema(schema: Schema) -> pa.Schema:
    """The columns of `schema`; raises SchemaError for a type that Parquet has no column for."""
    fields = schema.definition["fields"]
    return pa.schema([_column(field["name"], field["type"]) for field in fields])


def _column(name: str, avro: Any) -> "pa.Field[Any]":
    nullable = avro == "null" or (isinstance(avro, list) and "null" in avro)
    return pa.field(name, _type(name, avro), nullable=nullable)


def _only_branch(name: str, union: list[Any]) -> Any:
    branches = [branch for branch in union if branch != "null"]
    if len(branches) > 1:
        raise SchemaError(f"field {name}: a union of several types has no Parquet column: {union}")
    return branches[0] if branches else "null"


def _type(name: str, avro: Any) -> pa.DataType:
    if isinstance(avro, list):
        avro = _only_branch(name, avro)
    if isinstance(avro, str):
        avro = {"type": avro}
    if isinstance(avro["type"], dict | list):
        return _type(name, avro["type"])
    match avro:
        case {"logicalType": str(logical)} if logical in LOGICAL:
            return LOGICAL[logical]
        case {"type": "record", "fields": [*fields]}:
            return pa.struct([_column(field["name"], field["type"]) for field in fields])
        case {"type": "map", "values": values}:
            return pa.map_(pa.string(), _type(name, values))
        case {"type": "array", "items": items}:
            return pa.list_(_column("item", items))
        case {"type": "enum"}:
            return pa.dictionary(pa.int32(), pa.string())
        case {"type": "fixed", "size": int(size)}:
            return pa.binary(size)
        case {"type": str(primitive)} if primitive in PRIMITIVES:
            return PRIMITIVES[primitive]
    raise SchemaError(f"field {name}: no Parquet column for {avro}")
