"""Avro values in the words of the oracle, by a reading of the specification of its own.

A type is a schema's JSON with names looked up: `{"type": ...}` with full names, branches, fields, and a logical type
only where it is a valid one. A *physical* value is what is on the wire: times are numbers, decimals are bytes, and a
union's value may say its branch (`Branch`). In the oracle's *words* a decimal is its digits as text, times are whole
microseconds, those in nanoseconds whole nanoseconds, dates are days, a UUID is its text, a duration a mapping.

Source: Avro specification, "Schema Declaration", "Logical Types", "Schema Resolution".
"""

import math
import struct
import uuid
from collections.abc import Mapping
from contextlib import suppress
from decimal import Context, Decimal
from typing import Any, NamedTuple

from wavetank.scenarios.oracle.history import Value

Type = dict[str, Any]
"""A type with names looked up; the same named type is the same object."""

PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
MOST_DIGITS = 38
"""A decimal of more digits is bytes at rest, and so it is here."""
MICROS = {
    "time-millis": 1_000,
    "time-micros": 1,
    "timestamp-millis": 1_000,
    "timestamp-micros": 1,
    "timestamp-nanos": 1,
    "local-timestamp-millis": 1_000,
    "local-timestamp-micros": 1,
    "local-timestamp-nanos": 1,
}
"""Times: what one unit is in the oracle's words."""
_OF_INT = frozenset({"date", "time-millis"})
_PROMOTIONS = {
    "int": ("long", "float", "double"),
    "long": ("float", "double"),
    "float": ("double",),
    "string": ("bytes",),
    "bytes": ("string",),
}
_NAMED_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_FLOAT = struct.Struct("<f")
_DIGITS = Context(prec=MOST_DIGITS)


class Branch(NamedTuple):
    """A value of a union that says which branch it is of."""

    number: int
    value: Any


class UnreadableError(ValueError):
    """A value of the writer's that the reader has no value for."""


def type_of(document: Any) -> Type:
    """The type in a schema's JSON, which is a valid one."""
    return _type(document, "", {})


def words(value: Any, avro: Type) -> Value:
    """A physical value in the oracle's words."""
    match avro["type"]:
        case "record":
            return {field["name"]: words(value[field["name"]], field["type"]) for field in avro["fields"]}
        case "array":
            return [words(item, avro["items"]) for item in value]
        case "map":
            return {key: words(item, avro["values"]) for key, item in value.items()}
        case "union":
            branch, inner = _branch(value, avro)
            return words(inner, branch)
        case "float":
            return narrowed(value)
        case "double":
            return float(value)
    logical = avro.get("logical")
    if logical is None:
        plain: Value = value
        return plain
    match logical[0]:
        case "decimal" if logical[1] <= MOST_DIGITS:
            return f"{Decimal(int.from_bytes(value, signed=True)).scaleb(-logical[2], _DIGITS):f}"
        case "uuid" if avro["type"] == "fixed":
            return str(uuid.UUID(bytes=value))
        case "duration":
            return dict(zip(("months", "days", "milliseconds"), struct.unpack("<3I", value), strict=True))
        case name if name in MICROS:
            return int(value) * MICROS[name]
    other: Value = value
    return other


def resolved(value: Any, writer: Type, reader: Type) -> Any:
    """The physical value that `reader` sees where `value` was written; raises UnreadableError where there is none.

    The records themselves may have different names: those of an event's raw and processed form do.
    """
    if writer["type"] == "record" and reader["type"] == "record":
        return _record(value, writer, reader)
    if writer["type"] == "union":
        branch, inner = _branch(value, writer)
        return resolved(inner, branch, reader)
    if reader["type"] == "union":
        branches = reader["branches"]
        number = next((n for n, branch in enumerate(branches) if _is_same(writer, branch)), None)
        if number is None:
            number = next((n for n, branch in enumerate(branches) if _is_readable(writer, branch)), None)
        if number is None:
            raise UnreadableError(f"{writer['type']} is no branch of the union")
        return Branch(number, resolved(value, writer, branches[number]))
    if not _is_readable(writer, reader):
        raise UnreadableError(f"{writer['type']} is not read as {reader['type']}")
    match reader["type"]:
        case "array":
            return [resolved(item, writer["items"], reader["items"]) for item in value]
        case "map":
            return {key: resolved(item, writer["values"], reader["values"]) for key, item in value.items()}
        case "enum" if value not in reader["symbols"]:
            if reader["default"] is None:
                raise UnreadableError(f"the symbol {value} is unknown to the reader")
            return reader["default"]
        case "float":
            return narrowed(value)
        case "double":
            return float(value)
        case "bytes" if isinstance(value, str):
            return value.encode()
        case "string" if isinstance(value, bytes):
            try:
                return value.decode()
            except UnicodeDecodeError as error:
                raise UnreadableError("bytes that are no text") from error
    return value


def default_of(default: Any, avro: Type) -> Any:
    """The physical value of a default in JSON; raises UnreadableError where it is none of the type."""
    match avro["type"]:
        case "union":
            for number, branch in enumerate(avro["branches"]):
                with suppress(UnreadableError):
                    return Branch(number, default_of(default, branch))
        case "record" if isinstance(default, Mapping):
            fields = avro["fields"]
            missing = [field["name"] for field in fields if field["name"] not in default and "default" not in field]
            if missing:
                raise UnreadableError(f"the default lacks {missing[0]}")
            return {
                field["name"]: default_of(default.get(field["name"], field.get("default")), field["type"])
                for field in fields
            }
        case "array" if isinstance(default, list):
            return [default_of(item, avro["items"]) for item in default]
        case "map" if isinstance(default, Mapping):
            return {key: default_of(item, avro["values"]) for key, item in default.items()}
        case "null" if default is None:
            return None
        case "boolean" if isinstance(default, bool):
            return default
        case "int" | "long" if (
            type(default) is int and -(bound := 2 ** (31 if avro["type"] == "int" else 63)) <= (default) < bound
        ):
            return default
        case "float" | "double" if type(default) in (int, float):
            return narrowed(default) if avro["type"] == "float" else float(default)
        case "float" | "double" if default in _NAMED_FLOATS:
            return _NAMED_FLOATS[default]
        case "string" if isinstance(default, str):
            return default
        case "enum" if default in avro["symbols"]:
            return default
        case "bytes" if isinstance(default, str):
            return default.encode("latin-1")
        case "fixed" if isinstance(default, str) and len(default) == avro["size"]:
            return default.encode("latin-1")
    raise UnreadableError(f"{default!r:.40} is no {avro['type']}")


def narrowed(number: float) -> float:
    """The number as a float of 32 bits has it."""
    try:
        return float(_FLOAT.unpack(_FLOAT.pack(number))[0])
    except OverflowError:
        return math.copysign(math.inf, number)


def _record(value: Mapping[str, Any], writer: Type, reader: Type) -> dict[str, Any]:
    written = {field["name"]: field["type"] for field in writer["fields"]}
    own = {field["name"] for field in reader["fields"]}
    seen = {}
    for field in reader["fields"]:
        names = [field["name"], *(alias for alias in field["aliases"] if alias not in own)]
        source = next((name for name in names if name in written), None)
        if source is not None:
            seen[field["name"]] = resolved(value[source], written[source], field["type"])
        elif "default" in field:
            seen[field["name"]] = default_of(field["default"], field["type"])
        else:
            raise UnreadableError(f"there is no {field['name']}")
    return seen


def _branch(value: Any, union: Type) -> tuple[Type, Any]:
    """The branch that a value is of, and the value without it; of plain values null or else the first other.

    A producer may name the branch: a pair of its name and the value.
    """
    branches = union["branches"]
    if isinstance(value, Branch):
        return branches[value.number], value.value
    if isinstance(value, tuple):
        name, inner = value
        return next(branch for branch in branches if branch.get("name", branch["type"]) == name), inner
    is_null = value is None
    return next(branch for branch in branches if (branch["type"] == "null") == is_null), value


def _is_same(writer: Type, reader: Type) -> bool:
    return bool(writer["type"] == reader["type"] and writer.get("name") == reader.get("name"))


def _is_readable(writer: Type, reader: Type) -> bool:
    """Whether the types match in the specification's sense; of unions that shows with the value."""
    if "union" in (writer["type"], reader["type"]):
        return True
    for inner in ("items", "values"):
        if inner in writer and inner in reader:
            return _is_readable(writer[inner], reader[inner])
    if writer["type"] != reader["type"]:
        return reader["type"] in _PROMOTIONS.get(writer["type"], ())
    if "name" not in writer:
        return True
    names = {name.rpartition(".")[2] for name in (reader["name"], *reader["aliases"])}
    return writer["name"].rpartition(".")[2] in names and writer.get("size") == reader.get("size")


def _type(document: Any, namespace: str, named: dict[str, Type]) -> Type:
    if isinstance(document, list):
        return {"type": "union", "branches": [_type(branch, namespace, named) for branch in document]}
    if isinstance(document, str):
        if document in PRIMITIVES:
            return {"type": document}
        return named[_full(document, namespace)] if _full(document, namespace) in named else named[document]
    match document["type"]:
        case "array":
            return {"type": "array", "items": _type(document["items"], namespace, named)}
        case "map":
            return {"type": "map", "values": _type(document["values"], namespace, named)}
        case "record" | "error" | "enum" | "fixed" as kind:
            full = _full(document["name"], document.get("namespace", namespace))
            inside = full.rpartition(".")[0]
            avro: Type = {
                "type": "record" if kind == "error" else kind,
                "name": full,
                "aliases": [_full(alias, inside) for alias in document.get("aliases", [])],
            }
            named[full] = avro
            if kind == "enum":
                return _filled(avro, symbols=document["symbols"], default=document.get("default"))
            if kind == "fixed":
                return _filled(avro, size=document["size"], logical=_logical(document, "fixed"))
            return _filled(avro, fields=[_field(field, inside, named) for field in document["fields"]])
        case str(primitive) if primitive in PRIMITIVES:
            return {"type": primitive, "logical": _logical(document, primitive)}
        case inner:
            return _type(inner, namespace, named)


def _filled(avro: Type, **more: Any) -> Type:
    avro.update(more)
    return avro


def _field(field: Mapping[str, Any], namespace: str, named: dict[str, Type]) -> dict[str, Any]:
    default = {"default": field["default"]} if "default" in field else {}
    avro = _type(field["type"], namespace, named)
    return {"name": field["name"], "type": avro, "aliases": field.get("aliases", []), **default}


def _full(name: str, namespace: str) -> str:
    return name if "." in name or not namespace else f"{namespace}.{name}"


def _logical(document: Mapping[str, Any], physical: str) -> tuple[Any, ...] | None:
    """The logical type, where it is valid, and of a decimal precision and scale; None where it is to be ignored."""
    name, size = document.get("logicalType"), document.get("size")
    match name:
        case "decimal" if physical in ("bytes", "fixed"):
            precision, scale = document.get("precision"), document.get("scale", 0)
            if type(precision) is not int or type(scale) is not int or not 0 <= scale <= precision or precision < 1:
                return None
            if physical == "fixed" and 10**precision - 1 > 2 ** (8 * size - 1) - 1 if size else physical == "fixed":
                return None
            return name, precision, scale
        case "uuid" if physical == "string" or (physical == "fixed" and size == 16):
            return (name,)
        case "duration" if physical == "fixed" and size == 12:
            return (name,)
        case str() if name in _OF_INT:
            return (name,) if physical == "int" else None
        case str() if name in MICROS:
            return (name,) if physical == "long" else None
    return None
