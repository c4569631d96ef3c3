"""Events as columns, typed as their Avro schema says: the rows of Parquet files.

Avro specification, "Logical Types"; Parquet format, "Logical Types". Enumerations are dictionaries in the order of
their symbols. The same events give the same columns, whether they were read in bulk or one by one.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wavetank.pipeline.avro import binary
from wavetank.pipeline.avro.binary import Malformed
from wavetank.pipeline.avro.model import Array, Enum, Fixed, Logical, Map, Primitive, Record, Type, Union
from wavetank.pipeline.avro.storable import MOST_DIGITS, NULL, range_of, schema_misfits
from wavetank.pipeline.core.bulk import parse
from wavetank.pipeline.core.bulk.fit import decimals_fit
from wavetank.pipeline.core.bulk.values import (
    Bodies,
    Bytes,
    Choice,
    Entries,
    Fields,
    Ints,
    Items,
    NotBulkParsable,
    Nothing,
    Numbers,
    Parsed,
    Slices,
    wide_integers,
)
from wavetank.pipeline.core.decode import encode
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.errors import SchemaError

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
LOGICAL: dict[tuple[str, str], pa.DataType] = {
    ("int", "date"): pa.date32(),
    ("int", "time-millis"): pa.time32("ms"),
    ("long", "time-micros"): pa.time64("us"),
    ("long", "timestamp-millis"): pa.timestamp("ms", tz="UTC"),
    ("long", "timestamp-micros"): pa.timestamp("us", tz="UTC"),
    ("long", "timestamp-nanos"): pa.timestamp("ns", tz="UTC"),
    ("long", "local-timestamp-millis"): pa.timestamp("ms"),
    ("long", "local-timestamp-micros"): pa.timestamp("us"),
    ("long", "local-timestamp-nanos"): pa.timestamp("ns"),
}
DURATION = pa.struct([(part, pa.int64()) for part in ("months", "days", "milliseconds")])
"""Avro specification, "Duration": three numbers of 32 bits without a sign, little-endian. Parquet's INTERVAL has the
same and few read it."""
DURATION_BYTES, UUID_BYTES, UUID_TEXT = 12, 16, 36
UUID_PLACES = np.array([place for place in range(UUID_TEXT) if place not in (8, 13, 18, 23)])
HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
Arrow = Any
"""A type of pyarrow's that is known at run time only, which its annotations do not provide for …"""
Column = Any
"""… and an array of such a type."""


def table(bodies: Bodies, schema: Schema) -> pa.Table:
    """The events in `bodies`, in their order; raises SchemaError for a type that Parquet has no column for.

    Raises Malformed where a body is no record of the schema.
    """
    columns = arrow_schema(schema)
    if not len(bodies):
        return pa.Table.from_arrays([pa.array([], column.type) for column in columns], schema=columns)
    try:
        parsed = parse.parse(bodies, schema.avro)
    except NotBulkParsable:
        # The same records, each read by itself and written as we write them.
        read = binary.reader_of(schema.avro)
        bodies = Bodies.of([encode(binary.decode(body, read), schema) for body in bodies.all()])
        parsed = parse.parse(bodies, schema.avro, exhaustive=True)
    arrays = [
        _array(parsed.fields[field.name], field.type, columns.field(field.name).type, bodies.data)
        for field in schema.avro.fields
    ]
    return pa.Table.from_arrays(arrays, schema=columns)


def arrow_schema(schema: Schema) -> pa.Schema:
    """The columns of `schema`; raises SchemaError for a type that Parquet has no column for."""
    misfit = next(schema_misfits(schema.avro), None)
    if misfit:
        raise SchemaError(f"{schema.title}: {misfit}")
    return pa.schema([_column(field.name, field.type) for field in schema.avro.fields])


def _column(name: str, avro: Type, *, within_optional: bool = False) -> "pa.Field[Any]":
    """The column of a field; one of a record that may be null is null where that is."""
    nullable = avro == NULL or (isinstance(avro, Union) and NULL in avro.branches) or within_optional
    return pa.field(name, _type(avro, nullable=nullable), nullable=nullable)


def _type(avro: Type, *, nullable: bool) -> pa.DataType:
    """The Arrow type of a type without misfits."""
    match avro:
        case Primitive(primitive, logical):
            return _decimal(logical) or LOGICAL.get((primitive, logical.name if logical else ""), PRIMITIVES[primitive])
        case Fixed(_, _, size, logical):
            if logical is not None and logical.name in ("uuid", "duration"):
                return pa.string() if logical.name == "uuid" else DURATION
            # Parquet has no type of no bytes.
            return _decimal(logical) or (pa.binary(size) if size else pa.binary())
        case Enum():
            return pa.dictionary(pa.int32(), pa.string())
        case Union(branches):
            return _type(next((branch for branch in branches if branch != NULL), NULL), nullable=nullable)
        case Array(items):
            return pa.list_(_column("item", items))
        case Map(values):
            named: Arrow = _column("value", values)
            return pa.map_(pa.string(), named)
        case Record():
            return pa.struct([_column(field.name, field.type, within_optional=nullable) for field in avro.fields])


def _decimal(logical: Logical | None) -> pa.DataType | None:
    if logical is None or logical.name != "decimal" or logical.precision > MOST_DIGITS:
        return None
    return pa.decimal128(logical.precision, logical.scale)


def _array(parsed: Parsed, avro: Type, arrow: Arrow, data: Bytes) -> Column:
    """The column of values that were parsed as `avro`."""
    match parsed, avro:
        case Nothing(count), _:
            return pa.nulls(count, arrow)
        case Choice(), Union():
            return _optional(parsed, avro, arrow, data)
        case Numbers(values), Enum():
            return pa.DictionaryArray.from_arrays(_plain(values.astype(np.int32)), pa.array(avro.symbols, pa.string()))
        case Numbers(values), _ if pa.types.is_boolean(arrow):
            return pa.array(values.astype(bool))
        case Numbers(values), _:
            return pa.array(values).view(arrow)
        case Slices(), Primitive() | Fixed() if pa.types.is_decimal(arrow):
            return _decimals(parsed, avro, arrow, data)
        case Slices(), Fixed() if pa.types.is_string(arrow):
            return _uuids(parsed, data)
        case Slices(), Fixed() if pa.types.is_struct(arrow):
            return _durations(parsed, data)
        case Slices(), _:
            return (
                _binary(parsed, data).cast(arrow)
                if pa.types.is_fixed_size_binary(arrow)
                else _binary(parsed, data).view(arrow)
            )
        case Items(counts, items), Array(inner):
            values = _array(items, inner, arrow.value_type, data)
            return pa.ListArray.from_arrays(_offsets(counts), values, type=arrow)
        case Entries(counts, keys, values), Map(inner):
            return pa.MapArray.from_arrays(
                _offsets(counts),
                _binary(keys, data).view(pa.string()),
                _array(values, inner, arrow.item_type, data),
                type=arrow,
            )
        case Fields(fields), Record() if fields:
            types = {field.name: field.type for field in avro.fields}
            arrays = [_array(fields[field.name], types[field.name], field.type, data) for field in arrow.fields]
            return pa.StructArray.from_arrays(arrays, fields=arrow.fields)
    return pa.array([], arrow)


def _optional(parsed: Choice, union: Union, arrow: Arrow, data: Bytes) -> Column:
    number = next((at for at, branch in enumerate(union.branches) if branch != NULL), None)
    if number is None:
        return pa.nulls(len(parsed.branch), arrow)
    there = parsed.branch == number
    values = _array(parsed.branches[number], union.branches[number], arrow, data)
    if there.all():
        return values
    positions: Column = pa.array(np.cumsum(there) - 1, mask=~there)
    return values.take(positions)


def _plain(values: NDArray[Any]) -> Column:
    return pa.array(values)


def _binary(slices: Slices, data: Bytes) -> Column:
    """The bytes of each slice, which are every second one of a column that covers the gaps between them as well."""
    count = len(slices.starts)
    if not count:
        return pa.array([], pa.binary())
    edges = np.empty(2 * count, np.int32)
    edges[0::2] = slices.starts
    edges[1::2] = slices.starts + slices.sizes
    whole = pa.Array.from_buffers(pa.binary(), 2 * count - 1, [None, pa.py_buffer(edges), pa.py_buffer(data)])
    return whole.take(_plain(np.arange(0, 2 * count, 2)))


def _decimals(slices: Slices, avro: Primitive | Fixed, arrow: Arrow, data: Bytes) -> Column:
    """Big-endian two's complement (Avro specification, "Decimal"), which Arrow has with 128 bits, little-endian."""
    allowed = range_of(avro)
    try:
        wide = wide_integers(data, slices)
    except OverflowError as error:
        raise Malformed("a decimal of more than 128 bits") from error
    if allowed is not None and not decimals_fit(wide, allowed):
        raise Malformed(f"a decimal that {allowed.rule}")
    return pa.Array.from_buffers(arrow, len(wide), [None, pa.py_buffer(wide)])


def _uuids(slices: Slices, data: Bytes) -> Column:
    """The text of sixteen bytes each (RFC 9562, section 4)."""
    digits = _gathered(slices, data, UUID_BYTES)
    text = np.full((len(digits), UUID_TEXT), ord("-"), np.uint8)
    text[:, UUID_PLACES[0::2]] = HEX[digits >> 4]
    text[:, UUID_PLACES[1::2]] = HEX[digits & 0x0F]
    offsets = np.arange(len(digits) + 1, dtype=np.int32) * np.int32(UUID_TEXT)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(text))]
    return pa.Array.from_buffers(pa.string(), len(digits), buffers)


def _durations(slices: Slices, data: Bytes) -> Column:
    parts = np.ascontiguousarray(_gathered(slices, data, DURATION_BYTES)).view("<u4").astype(np.int64)
    return pa.StructArray.from_arrays([_plain(np.ascontiguousarray(part)) for part in parts.T], fields=DURATION.fields)


def _gathered(slices: Slices, data: Bytes, size: int) -> NDArray[np.uint8]:
    """The bytes of slices of one size, an array of (n, size)."""
    gathered: NDArray[np.uint8] = data[slices.starts[:, None] + np.arange(size)]
    return gathered


def _offsets(counts: Ints) -> Column:
    return pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
