"""Makes the types of columns of those that a Parquet file declares: its values are of no other.

Source: Apache Arrow columnar format; Avro specification, "Logical Types"; the values are those of `parquet_rows`.
"""

from typing import Any

from pyarrow import types as _is

from wavetank.scenarios.client.inference.columns import Columns, optional
from wavetank.scenarios.client.inference.names import field_names
from wavetank.scenarios.client.inference.numbers import Conclusion, decimal
from wavetank.scenarios.workload.json_paths import Steps

_UNSIGNED_DIGITS = 20
_TIMESTAMPS = {"s": "millis", "ms": "millis", "us": "micros", "ns": "nanos"}


def conclusion(columns: Columns, arrow: Any, path: Steps) -> Conclusion | None:
    """The type for the values of an Arrow type; None where there is none, which `columns` notes."""
    avro = _type(columns, arrow, path)
    return None if avro is None else (avro, f"declared as {_shown(arrow)}")


def _shown(arrow: Any) -> str:
    return str(arrow).partition("<")[0] if _is.is_nested(arrow) or _is.is_dictionary(arrow) else str(arrow)


def _type(columns: Columns, arrow: Any, path: Steps) -> Any:
    if hasattr(arrow, "storage_type"):
        return "string" if arrow.extension_name == "arrow.uuid" else _type(columns, arrow.storage_type, path)
    if _is.is_dictionary(arrow):
        return _type(columns, arrow.value_type, path)
    if _is.is_struct(arrow):
        return _record(columns, arrow, path)
    if _is.is_map(arrow):
        values = _type(columns, arrow.item_type, (*path, "*"))
        return None if values is None else {"type": "map", "values": ["null", values]}
    if _is.is_list(arrow) or _is.is_large_list(arrow) or _is.is_fixed_size_list(arrow):
        items = _type(columns, arrow.value_type, (*path, 0))
        return None if items is None else {"type": "array", "items": ["null", items]}
    if _is.is_null(arrow):
        return columns.without_column(path, "always null")
    return _scalar(arrow)


def _record(columns: Columns, arrow: Any, path: Steps) -> Any:
    names, refused = field_names(field.name for field in arrow)
    for name, reason in refused.items():
        columns.without_column((*path, name), reason)
    fields = []
    for field in arrow:
        inner = _type(columns, field.type, (*path, field.name)) if field.name in names else None
        if inner is not None:
            fields.append(optional(names[field.name], inner))
    return columns.record(path, fields) if fields else columns.without_column(path, "none of its fields has a type")


def _scalar(arrow: Any) -> Any:
    if _is.is_boolean(arrow):
        return "boolean"
    if _is.is_uint64(arrow):
        return decimal(_UNSIGNED_DIGITS, 0)
    if _is.is_integer(arrow):
        return "int" if arrow.bit_width < 32 or _is.is_int32(arrow) else "long"
    if _is.is_floating(arrow):
        return "double" if arrow.bit_width == 64 else "float"
    if _is.is_decimal(arrow):
        return decimal(arrow.precision - min(arrow.scale, 0), max(arrow.scale, 0))
    if _is.is_date(arrow):
        return {"type": "int", "logicalType": "date"}
    if _is.is_time(arrow) and arrow.unit in ("s", "ms"):
        return {"type": "int", "logicalType": "time-millis"}
    if _is.is_time(arrow) and arrow.unit == "us":
        return {"type": "long", "logicalType": "time-micros"}
    if _is.is_timestamp(arrow):
        local = "local-" if arrow.tz is None else ""
        return {"type": "long", "logicalType": f"{local}timestamp-{_TIMESTAMPS[arrow.unit]}"}
    if _is.is_duration(arrow):
        return "long"
    is_binary = _is.is_binary(arrow) or _is.is_large_binary(arrow) or _is.is_fixed_size_binary(arrow)
    # A time of day in nanoseconds has no type in Avro: it stays the text that it is read as.
    return "bytes" if is_binary else "string"
