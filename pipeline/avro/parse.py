"""JSON document → schema; what is no Avro schema is refused with the rule it breaks.

Source: Avro specification, "Schema Declaration", "Names", "Logical Types".
"""

import re
from collections import Counter
from collections.abc import Mapping
from math import log10
from typing import Any

from wavetank.pipeline.avro.model import (
    ABSENT,
    PRIMITIVES,
    Array,
    Enum,
    Field,
    Fixed,
    InvalidSchema,
    Logical,
    Map,
    Named,
    Primitive,
    Record,
    Type,
    Union,
)

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
FULL_NAME = re.compile(rf"(?:{NAME.pattern}\.)*{NAME.pattern}")
PHYSICAL: Mapping[str, tuple[str, ...]] = {
    "decimal": ("bytes", "fixed"),
    "big-decimal": ("bytes",),
    "uuid": ("string", "fixed"),
    "date": ("int",),
    "time-millis": ("int",),
    "duration": ("fixed",),
} | dict.fromkeys(
    (
        "time-micros",
        *(f"{local}timestamp-{unit}" for local in ("", "local-") for unit in ("millis", "micros", "nanos")),
    ),
    ("long",),
)
"""Logical type → the types that it annotates (Avro specification, "Logical Types")."""
FIXED_SIZES = {"uuid": 16, "duration": 12}
DIGITS_OF_BIT = log10(2)
DEEPEST = 100
"""Levels of types in a schema: enough for any that people write, too few to exhaust a stack."""


def parse(document: object) -> Type:
    """The schema in a JSON document; raises InvalidSchema.

    Defaults are not looked at, see `pipeline.avro.defaults`, nor what values would cost, see `pipeline.avro.limits`.
    """
    return _Parser().type(document, "", "", 0)


class _Parser:
    def __init__(self) -> None:
        self._named: dict[str, Named] = {}

    def type(self, document: object, namespace: str, path: str, depth: int) -> Type:
        if depth > DEEPEST:
            raise InvalidSchema(f"{path}: types are nested more than {DEEPEST} deep")
        if isinstance(document, str):
            if document in PRIMITIVES:
                return Primitive(document)
            named = self._named.get(full_name(document, namespace)) or self._named.get(document)
            if named is None:
                raise InvalidSchema(f"{_at(path)}there is no type {document!r}")
            return named
        if isinstance(document, list):
            branches = tuple(self.type(branch, namespace, path, depth + 1) for branch in document)
            if any(isinstance(branch, Union) for branch in branches):
                raise InvalidSchema(f"{_at(path)}a union may not directly contain a union")
            kinds = {
                branch.name if not isinstance(branch, Array | Map | Union) else type(branch) for branch in branches
            }
            if len(kinds) < len(branches):
                raise InvalidSchema(f"{_at(path)}a union may not contain a type twice")
            return Union(branches)
        if not isinstance(document, Mapping) or "type" not in document:
            raise InvalidSchema(f"{_at(path)}a type is a name, a list or an object with a type, not {document!r:.60}")
        return self._object(document, namespace, path, depth)

    def _object(self, document: Mapping[str, Any], namespace: str, path: str, depth: int) -> Type:
        match document["type"]:
            case "array":
                return Array(self.type(_attribute(document, "items", path), namespace, f"{path}[]", depth + 1))
            case "map":
                return Map(self.type(_attribute(document, "values", path), namespace, f"{path}{{}}", depth + 1))
            case "record" | "error":
                return self._record(document, namespace, path, depth)
            case "enum":
                name, _, aliases = _names(document, namespace, path)
                symbols = _texts(document, "symbols", path)
                distinct = len(set(symbols)) == len(symbols) and all(map(NAME.fullmatch, symbols))
                if "symbols" not in document or not distinct:
                    raise InvalidSchema(f"{_at(path)}the symbols of {name} are different names")
                default = document.get("default")
                if default is not None and default not in symbols:
                    raise InvalidSchema(f"{_at(path)}the default {default!r} of {name} is none of its symbols")
                return self._declare(Enum(name, aliases, symbols, default), path)
            case "fixed":
                name, _, aliases = _names(document, namespace, path)
                size = _attribute(document, "size", path)
                if isinstance(size, str) and size.isdecimal():
                    size = int(size)
                if not isinstance(size, int) or isinstance(size, bool) or size < 0:
                    raise InvalidSchema(f"{_at(path)}the size of {name} is a whole number, not {size!r}")
                return self._declare(Fixed(name, aliases, size, _logical(document, "fixed", size)), path)
            case str(name) if name in PRIMITIVES:
                return Primitive(name, _logical(document, name))
            case other:
                return self.type(other, namespace, path, depth + 1)

    def _record(self, document: Mapping[str, Any], namespace: str, path: str, depth: int) -> Record:
        name, space, aliases = _names(document, namespace, path)
        record = self._declare(Record(name, aliases), path)
        entries = _attribute(document, "fields", path)
        if not isinstance(entries, list):
            raise InvalidSchema(f"{_at(path)}the fields of {name} are a list")
        fields: list[Field] = []
        for entry in entries:
            if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
                raise InvalidSchema(f"{_at(path)}a field is an object with a name, not {entry!r:.60}")
            field_name = entry["name"]
            where = f"{path}.{field_name}" if path else field_name
            if not NAME.fullmatch(field_name):
                raise InvalidSchema(f"{_at(path)}{field_name!r} is no name for a field")
            avro = self.type(_attribute(entry, "type", where), space, where, depth + 1)
            fields.append(Field(field_name, avro, entry.get("default", ABSENT), _texts(entry, "aliases", where)))
        record.fields = tuple(fields)
        counts = Counter(field.name for field in record.fields)
        twice = sorted(field for field, number in counts.items() if number > 1)
        if twice:
            raise InvalidSchema(f"{_at(path)}{name} has the field {', '.join(twice)} twice")
        return record

    def _declare[T: Named](self, named: T, path: str) -> T:
        if named.name in self._named:
            raise InvalidSchema(f"{_at(path)}the name {named.name} is defined twice")
        self._named[named.name] = named
        return named


def _names(document: Mapping[str, Any], namespace: str, path: str) -> tuple[str, str, tuple[str, ...]]:
    """Full name, the namespace for what is inside, and aliases as full names."""
    name = _attribute(document, "name", path)
    space = document.get("namespace", namespace)
    if not isinstance(name, str) or not isinstance(space, str):
        raise InvalidSchema(f"{_at(path)}a name and a namespace are text")
    full = full_name(name, space)
    if not FULL_NAME.fullmatch(full) or full in PRIMITIVES:
        raise InvalidSchema(f"{_at(path)}{full!r} is no name for a type")
    inside = full.rpartition(".")[0]
    return full, inside, tuple(full_name(alias, inside) for alias in _texts(document, "aliases", path))


def full_name(name: str, namespace: str) -> str:
    """The full name of what is called `name` inside a namespace; empty for none (Avro specification, "Names")."""
    return name if "." in name or not namespace else f"{namespace}.{name}"


def _attribute(document: Mapping[str, Any], name: str, path: str) -> Any:
    if name not in document:
        raise InvalidSchema(f"{_at(path)}needs the attribute {name}")
    return document[name]


def _texts(document: Mapping[str, Any], name: str, path: str) -> tuple[str, ...]:
    texts = document.get(name, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise InvalidSchema(f"{_at(path)}{name} is a list of texts")
    return tuple(texts)


def _logical(document: Mapping[str, Any], physical: str, size: int = 0) -> Logical | None:
    """The logical type of a document; by the specification one that is unknown or not valid is ignored.

    `physical` is the type that it annotates; `size` that of a fixed.
    """
    name = document.get("logicalType")
    if not isinstance(name, str) or physical not in PHYSICAL.get(name, ()):
        return None
    if physical == "fixed" and name in FIXED_SIZES and size != FIXED_SIZES[name]:
        return None
    if name != "decimal":
        return Logical(name)
    precision, scale = document.get("precision"), document.get("scale", 0)
    if type(precision) is not int or type(scale) is not int or not 0 <= scale <= precision or precision < 1:
        return None
    # A fixed of n bytes holds the digits of numbers below 2^(8n-1) only.
    if physical == "fixed" and (size == 0 or precision > DIGITS_OF_BIT * (8 * size - 1)):
        return None
    return Logical(name, precision, scale)


def _at(path: str) -> str:
    return f"{path}: " if path else ""
