"""An Avro schema as values. Source: Avro specification, "Schema Declaration", "Names", "Aliases"."""

from dataclasses import dataclass, field
from enum import Enum as PythonEnum
from typing import Any

PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")


class InvalidSchema(ValueError):
    """The document is no Avro schema; the message says where and which rule it breaks."""


class NoDefault(PythonEnum):
    """Says that a field has no default: null is one."""

    ABSENT = "absent"


ABSENT = NoDefault.ABSENT


@dataclass(frozen=True, slots=True)
class Logical:
    """A logical type; `precision` and `scale` are those of a decimal."""

    name: str
    precision: int = 0
    scale: int = 0


@dataclass(frozen=True, slots=True)
class Primitive:
    """A primitive type."""

    name: str
    logical: Logical | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Array:
    """A list of `items`."""

    items: "Type"


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """String keys and `values`."""

    values: "Type"


@dataclass(frozen=True, slots=True, eq=False)
class Union:
    """A value of one of the `branches`."""

    branches: "tuple[Type, ...]"


@dataclass(frozen=True, slots=True, eq=False)
class Enum:
    """A symbol among `symbols`; a reader takes `default` for a symbol it does not know."""

    name: str
    aliases: tuple[str, ...]
    symbols: tuple[str, ...]
    default: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Fixed:
    """`size` bytes."""

    name: str
    aliases: tuple[str, ...]
    size: int
    logical: Logical | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record; `default` is as in the schema's JSON, or ABSENT."""

    name: str
    type: "Type"
    default: Any = ABSENT
    aliases: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Record:
    """Fields in their order. A record may contain itself, so its fields are known only after it is."""

    name: str
    aliases: tuple[str, ...]
    fields: tuple[Field, ...] = field(default=(), repr=False)


Type = Primitive | Array | Map | Union | Enum | Fixed | Record
Named = Enum | Fixed | Record


def unqualified(fullname: str) -> str:
    """A name without its namespace."""
    return fullname.rpartition(".")[2]


def title(avro: Type) -> str:
    """A type in a word or two, for messages."""
    match avro:
        case Primitive(name, logical):
            return f"{name} ({logical.name})" if logical else name
        case Array(items):
            return f"array of {title(items)}"
        case Map(values):
            return f"map of {title(values)}"
        case Union(branches):
            return f"[{', '.join(map(title, branches))}]"
        case Enum() | Fixed() | Record():
            return f"{type(avro).__name__.lower()} {avro.name}"
