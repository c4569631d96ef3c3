"""The shapes of values: which types of a union a JSON value may be of, and which a Python value tells.

Shallow: a value is looked at with its members, no deeper, so that unions in unions cost no more than what they hold.
Source: Avro specification, "Complex Types", "Unions", and "JSON Encoding".
"""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum as PythonEnum
from typing import Any

from wavetank.pipeline.avro.model import ABSENT, Array, Enum, Fixed, Map, Primitive, Record, Type, Union
from wavetank.scenarios.workload.json_times import DURATION_PARTS
from wavetank.scenarios.workload.ndjson import Number

NUMBERS = ("int", "long", "float", "double")


class Kind(PythonEnum):
    """The kinds of JSON values."""

    NULL = "null"
    BOOLEAN = "true or false"
    NUMBER = "a number"
    TEXT = "text"
    LIST = "an array"
    OBJECT = "an object"

    @classmethod
    def of(cls, value: Any) -> "Kind":
        """The kind of a parsed value."""
        match value:
            case None:
                return cls.NULL
            case bool():
                return cls.BOOLEAN
            case Number():
                return cls.NUMBER
            case str():
                return cls.TEXT
            case list():
                return cls.LIST
        return cls.OBJECT


def branch_name(avro: Type) -> str:
    """The name of a union's branch, as Avro's JSON encoding and fastavro have it."""
    match avro:
        case Array():
            return "array"
        case Map():
            return "map"
        case Union():
            return "union"
        case _:
            return avro.name


def takes_null(avro: Type) -> bool:
    """Whether null is a value of a type."""
    return avro == Primitive("null") or (isinstance(avro, Union) and Primitive("null") in avro.branches)


def kinds_of(avro: Type) -> set[Kind]:
    """The kinds of JSON values that stand for a type where several types are possible: text is no number, then."""
    match avro:
        case Union(branches):
            return set[Kind]().union(*map(kinds_of, branches))
        case Array():
            return {Kind.LIST}
        case Map() | Record():
            return {Kind.OBJECT}
        case Enum():
            return {Kind.TEXT}
    match avro.logical.name if avro.logical else avro.name:
        case "null":
            return {Kind.NULL}
        case "boolean":
            return {Kind.BOOLEAN}
        case "int" | "long" | "float" | "double":
            return {Kind.NUMBER}
        case "duration":
            return {Kind.TEXT, Kind.OBJECT}
        case "uuid":
            return {Kind.TEXT}
    return {Kind.TEXT} if avro.logical is None else {Kind.NUMBER, Kind.TEXT}


def holder(avro: Type) -> Callable[[Mapping[str, Any]], bool]:
    """Tells whether an object could be a value of a type, by its names and the kinds of what they have, no deeper."""
    match avro:
        case Map(values) if values != Primitive("string"):
            suits = _suiting(values)
            return lambda value: all(map(suits, value.values()))
        case Map():
            return lambda _value: True
        case Record():
            fields = {field.name: _suiting(field.type) for field in avro.fields}
            required = {field.name for field in avro.fields if field.default is ABSENT}
            return lambda value: (
                required <= value.keys() <= fields.keys()
                and all(item is None or fields[name](item) for name, item in value.items())
            )
        case Fixed():
            return lambda value: bool(value) and value.keys() <= set(DURATION_PARTS)
    return lambda _value: False


def _suiting(avro: Type) -> Callable[[Any], bool]:
    """Tells whether a value is of a kind that a type takes; of a union, in Avro's JSON encoding as well."""
    kinds = kinds_of(avro)
    names = {branch_name(branch) for branch in avro.branches} if isinstance(avro, Union) else set()
    return lambda value: (
        Kind.of(value) in kinds or (isinstance(value, dict) and len(value) == 1 and next(iter(value)) in names)
    )


def told(avro: Union) -> Iterator[tuple[Type, bool]]:
    """The branches of a union, and whether the Python type of a value tells each from all others.

    One with a branch inside that has to be named is named as well: fastavro looks for no names when it seeks a branch.
    """
    shapes = [_shape(branch) for branch in avro.branches]
    for branch, shape in zip(avro.branches, shapes, strict=True):
        yield branch, shapes.count(shape) == 1 and not _holds_names(branch, set())


def _holds_names(avro: Type, seen: set[int]) -> bool:
    """Whether a union inside a type has branches that Python's types do not tell."""
    match avro:
        case Union(branches):
            shapes = list(map(_shape, branches))
            return len(set(shapes)) < len(shapes) or any(_holds_names(branch, seen) for branch in branches)
        case Array(inner) | Map(inner):
            return _holds_names(inner, seen)
        case Record() if id(avro) not in seen:
            seen.add(id(avro))
            return any(_holds_names(field.type, seen) for field in avro.fields)
    return False


def _shape(avro: Type) -> str:
    match avro:
        case Map() | Record():
            return "dict"
        case Array() | Union():
            return "list"
        case Primitive("null" | "boolean"):
            return avro.name
        case Primitive() if avro.name in NUMBERS:
            return "number"
    # fastavro takes text for bytes.
    return "text or bytes"
