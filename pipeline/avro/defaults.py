"""Default values of fields as a schema's JSON has them, and the values that a reader puts in their place.

Source: Avro specification, "Complex Types", "Records", the table of field default values. A default of a union is
one of the first branch that it fits (version 1.12; before, of the first branch).
"""

import math
from collections.abc import Iterator
from contextlib import suppress
from reprlib import Repr
from typing import Any

from wavetank.pipeline.avro.model import ABSENT, Array, Enum, Fixed, InvalidSchema, Map, Primitive, Record, Type, Union

INT, LONG = 2**31, 2**63
NAMED_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def value(default: Any, avro: Type) -> Any:
    """The value that a default in JSON stands for; raises InvalidSchema where it is none of that type."""
    return _Values().of(default, avro)


class _Values:
    """Reads each part of a default as each type once: branches of unions may meet the same part again and again."""

    def __init__(self) -> None:
        self._values: dict[tuple[int, int], Any] = {}

    def of(self, default: Any, avro: Type) -> Any:
        if isinstance(avro, Primitive | Fixed | Enum):
            return self._read(default, avro)
        key = (id(default), id(avro))
        if key not in self._values:
            self._values[key] = InvalidSchema(f"the default {_short(default)} contains itself")
            try:
                self._values[key] = self._read(default, avro)
            except InvalidSchema as error:
                self._values[key] = error
        value = self._values[key]
        if isinstance(value, InvalidSchema):
            raise InvalidSchema(str(value))
        return value

    def _read(self, default: Any, avro: Type) -> Any:
        match avro:
            case Primitive(name):
                return _primitive(default, name)
            case Fixed(_, _, size) if isinstance(default, str) and len(default) == size:
                return _latin(default)
            case Enum(_, _, symbols) if default in symbols:
                return default
            case Array(items) if isinstance(default, list):
                return [self.of(item, items) for item in default]
            case Map(values) if isinstance(default, dict):
                return {key: self.of(item, values) for key, item in default.items()}
            case Union(branches):
                for branch in branches:
                    with suppress(InvalidSchema):
                        return self.of(default, branch)
            case Record() if isinstance(default, dict):
                record = {}
                for field in avro.fields:
                    part = default.get(field.name, field.default)
                    if part is ABSENT:
                        raise InvalidSchema(f"the default {_short(default)} lacks the field {field.name}")
                    record[field.name] = self.of(part, field.type)
                return record
        raise _wrong(default)


def problems(avro: Type) -> Iterator[str]:
    """A sentence for each field whose default is not of its type."""
    yield from _problems(avro, set(), "")


def _problems(avro: Type, seen: set[str], path: str) -> Iterator[str]:
    match avro:
        case Array(inner) | Map(inner):
            yield from _problems(inner, seen, path)
        case Union(branches):
            for branch in branches:
                yield from _problems(branch, seen, path)
        case Record() if avro.name not in seen:
            seen.add(avro.name)
            for field in avro.fields:
                where = f"{path}.{field.name}" if path else field.name
                if field.default is not ABSENT:
                    try:
                        value(field.default, field.type)
                    except InvalidSchema as error:
                        yield f"field {where}: {error}"
                    except RecursionError:
                        yield f"field {where}: the default {_short(field.default)} is nested too deeply"
                yield from _problems(field.type, seen, where)


def _primitive(default: Any, name: str) -> Any:
    whole = isinstance(default, int) and not isinstance(default, bool)
    match name:
        case "null" if default is None:
            return None
        case "boolean" if isinstance(default, bool):
            return default
        case "int" if whole and -INT <= default < INT:
            return default
        case "long" if whole and -LONG <= default < LONG:
            return default
        case "float" | "double" if whole or isinstance(default, float):
            return float(default)
        case "float" | "double" if isinstance(default, str) and default in NAMED_FLOATS:
            return NAMED_FLOATS[default]
        case "string" if isinstance(default, str):
            return default
        case "bytes" if isinstance(default, str):
            return _latin(default)
    raise _wrong(default)


def _latin(default: str) -> bytes:
    try:
        return default.encode("latin-1")
    except UnicodeEncodeError:
        raise _wrong(default) from None


def _wrong(default: Any) -> InvalidSchema:
    return InvalidSchema(f"the default {_short(default)} is not of its type")


_short = Repr(maxstring=60, maxother=60).repr
"""A default as Python writes it, cut where it is long or deep."""
