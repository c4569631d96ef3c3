"""Types of every kind as schemas' JSON, drawn from a generator of random numbers.

A type is written out in full wherever it is used, with what changes by version beside it (`Change`); `written` makes of
it the schema of one version, where a name is defined once and then referred to.

Source: Avro specification, "Schema Declaration", "Logical Types".
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any

from wavetank.scenarios.oracle.avro import type_of

Document = Any
"""A schema as JSON has it."""


class Change(StrEnum):
    """A key of a written-out type that says what it is in which version; no schema has one of these."""

    TYPES = "_types"
    """Names of primitives, one a version."""
    SYMBOLS = "_symbols"
    """How many of the symbols there are, one number a version."""
    NAMES = "_names"
    """The names of a field, one a version; the name before is an alias."""
    SINCE = "_since"
    """The first version that has a field."""
    DEFAULT = "_default"
    """The seed of a field's default."""


FIELD_NAMES = (
    "_", "__", "class", "None", "select", "order", "group", "table", "from", "where", "null", "true", "int", "record",
    "type", "fields", "Value", "camelCase", "UPPER", "x", "self", "index", "key", "value", "item", "list", "element",
    "payload", "id", "count", "timestamp", "a1", "_9", "main", "user", "default", "end", "row",
)  # fmt: skip
"""Names of fields: keywords of Python, SQL, Avro and Parquet among them."""
PARTITION_NAMES = ("event", "date", "hour", "bucket")
NAMESPACES = ("gen", "gen.deep.er", "com.example._x")
SCALARS = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
LOGICAL = (
    ("int", "date"), ("int", "time-millis"), ("long", "time-micros"), ("long", "timestamp-millis"),
    ("long", "timestamp-micros"), ("long", "timestamp-nanos"), ("long", "local-timestamp-millis"),
    ("long", "local-timestamp-micros"), ("long", "local-timestamp-nanos"), ("string", "uuid"),
    ("bytes", "big-decimal"),
)  # fmt: skip
"""Logical types that a primitive may have; decimals and those of fixed are drawn by themselves."""
INVALID = (
    {"logicalType": "decimal", "precision": 4, "scale": 2}, {"logicalType": "decimal", "precision": 0},
    {"logicalType": "decimal"}, {"logicalType": "decimal", "precision": 3, "scale": 5},
    {"logicalType": "date"}, {"logicalType": "timestamp-micros"}, {"logicalType": "timestamp-millis"},
    {"logicalType": "time-millis"}, {"logicalType": "uuid"}, {"logicalType": "duration"}, {"logicalType": "nonsense"},
    {"logicalType": "big-decimal"}, {"logicalType": 7},
)  # fmt: skip
"""Logical types beside whatever type: they are to be ignored where they do not fit it."""
WIDENINGS = (("int", "long"), ("int", "double"), ("long", "double"), ("float", "double"), ("int", "float"))
LONG_NAME = "n" * 120


@dataclass
class Types:
    """Draws types. lawful: only such as have a column at rest. versions: of how many schemas they are part."""

    rng: random.Random
    lawful: bool
    versions: int = 1
    prefix: str = "N"
    named: list[Document] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def type(self, depth: int = 3) -> Document:
        """A type of at most so many levels."""
        rng = self.rng
        roll = rng.random()
        if depth <= 0 or roll < 0.42:
            return self._leaf()
        if roll < 0.5 and self.named:
            return rng.choice(self.named)
        if roll < 0.66:
            return self._union(depth)
        if roll < 0.78:
            return self._decorated({"type": "array", "items": self.type(depth - 1)})
        if roll < 0.88:
            return self._decorated({"type": "map", "values": self.type(depth - 1)})
        return self.record(depth - 1)

    def record(self, depth: int) -> Document:
        """A record type; one that contains itself, and one without fields, only where that is no matter."""
        rng = self.rng
        document = self._named("error" if rng.random() < 0.05 else "record")
        number = rng.choice((1, 1, 2, 3, 5)) if self.lawful or rng.random() < 0.9 else 0
        names = rng.sample(FIELD_NAMES, number)
        if self.lawful:
            names = list({name.lower(): name for name in names}.values())
        document["fields"] = [self.field(name, depth) for name in names]
        if not self.lawful and rng.random() < 0.15:
            again = rng.choice((["null", document["name"]], {"type": "array", "items": document["name"]}))
            document["fields"].append({"name": "again", "type": again})
        elif rng.random() < 0.6:
            self.named.append(document)
        return document

    def field(self, name: str, depth: int) -> Document:
        """A field of that name."""
        rng = self.rng
        document: Document = {"name": name, "type": self.type(depth)}
        if rng.random() < 0.4:
            document[Change.DEFAULT] = rng.random()
        if self.versions > 1 and rng.random() < 0.2:
            document |= {Change.SINCE: rng.randrange(1, self.versions), Change.DEFAULT: rng.random()}
        if rng.random() < 0.1:
            document |= {"doc": "What it means: “ü”", "order": "ignore", "x-custom": {"a": [1, None]}}
        return document

    def _leaf(self) -> Document:
        rng = self.rng
        match rng.randrange(12):
            case 0 | 1 | 2 | 3:
                return self._scalar()
            case 4 | 5:
                primitive, logical = rng.choice(LOGICAL)
                return {"type": primitive, "logicalType": logical}
            case 6:
                precision = rng.choice((1, 4, 9, 10, 18, 19, 38, 39, 80))
                return {
                    "type": "bytes",
                    "logicalType": "decimal",
                    "precision": precision,
                    "scale": rng.choice((0, 1, precision // 2, precision)),
                }
            case 7:
                return {"type": rng.choice(SCALARS), **rng.choice(INVALID)}
            case 8 | 9:
                return self._fixed()
        return self._enum()

    def _scalar(self) -> Document:
        rng = self.rng
        if self.versions > 1 and rng.random() < 0.3:
            narrow, wide = rng.choice(WIDENINGS)
            turn = rng.randrange(1, self.versions)
            return {"type": narrow, Change.TYPES: [narrow] * turn + [wide] * (self.versions - turn)}
        primitive = rng.choice(SCALARS)
        return self._decorated({"type": primitive}) if rng.random() < 0.2 else primitive

    def _fixed(self) -> Document:
        rng, document = self.rng, self._named("fixed")
        match rng.randrange(5):
            case 0:
                document |= {"size": 16, "logicalType": "uuid"}
            case 1:
                document |= {"size": 12, "logicalType": "duration"}
            case 2:
                size = rng.choice((1, 2, 8, 16, 17, 20))
                digits = len(str(2 ** (8 * size - 1) - 1)) - 1
                document |= {"size": size, "logicalType": "decimal", "precision": max(1, digits), "scale": digits // 2}
            case 3:
                document |= {"size": rng.choice((0, 1, 3, 16)), **rng.choice(INVALID)}
                if document["logicalType"] == "decimal" and document["size"] < 2:
                    # fastavro takes such a schema for none at all; the specification says that it is to be ignored.
                    document["size"] = 3
            case _:
                document["size"] = rng.choice((0, 1, 4, 33))
        if rng.random() < 0.5:
            self.named.append(document)
        return document

    def _enum(self) -> Document:
        rng, document = self.rng, self._named("enum")
        symbols = ["A", "B", "_", "None", "select", "a", "Ab", "Z9"][: rng.choice((1, 2, 5, 8))]
        if not self.lawful and rng.random() < 0.1:
            symbols = []
        document["symbols"] = symbols
        if symbols and (rng.random() < 0.3 or self.versions > 1):
            document["default"] = symbols[0]
            if self.versions > 1:
                document[Change.SYMBOLS] = sorted(rng.randint(1, len(symbols)) for _ in range(self.versions))
        if rng.random() < 0.5:
            self.named.append(document)
        return document

    def _union(self, depth: int) -> Document:
        rng = self.rng
        if not self.lawful and rng.random() < 0.3:
            branches = rng.sample(SCALARS, rng.choice((0, 2, 3, 5)))
            return [*branches, self.record(depth - 1)] if rng.random() < 0.3 else branches
        inner = self.type(depth - 1)
        if isinstance(inner, list):
            return inner
        if _physical(inner) == "null":
            return ["null"]
        return rng.choice((["null", inner], ["null", inner], [inner, "null"], [inner]))

    def _named(self, kind: str) -> Document:
        rng = self.rng
        name = f"{self.prefix}{next(self._numbers)}"
        if rng.random() < 0.1:
            name = rng.choice(("_", LONG_NAME, "class_")) + name
        document: Document = {"type": kind, "name": f"{rng.choice(NAMESPACES)}.{name}"}
        if rng.random() < 0.15:
            document["aliases"] = [f"Old{name}", f"other.{name}"]
        return self._decorated(document)

    def _decorated(self, document: Document) -> Document:
        if self.rng.random() < 0.1:
            document |= {"doc": "…", "connect.name": "x", "x-nested": {"type": "int"}}
        return document


def written(document: Document, version: int = 0) -> Document:
    """The schema of one version: what changes by version as it is then, each name defined once."""
    return _once(_at(document, version), set())


def _at(document: Document, version: int) -> Document:
    """The document as it is in a version, still written out."""
    if isinstance(document, list):
        return [_at(branch, version) for branch in document]
    if isinstance(document, str):
        return document
    plain = {key: value for key, value in document.items() if not isinstance(key, Change)}
    if Change.TYPES in document:
        plain["type"] = document[Change.TYPES][version]
    if Change.SYMBOLS in document:
        plain["symbols"] = plain["symbols"][: document[Change.SYMBOLS][version]]
    for key in ("items", "values"):
        if key in plain:
            plain[key] = _at(plain[key], version)
    if isinstance(plain["type"], dict):
        plain["type"] = _at(plain["type"], version)
    if "fields" in plain:
        plain["fields"] = [
            _field_at(field, version) for field in plain["fields"] if version >= field.get(Change.SINCE, 0)
        ]
    return plain


def _field_at(document: Document, version: int) -> Document:
    plain = {key: value for key, value in document.items() if not isinstance(key, Change)}
    plain["type"] = _at(document["type"], version)
    if Change.NAMES in document:
        names = document[Change.NAMES][: version + 1]
        plain["name"] = names[-1]
        former = [name for name in dict.fromkeys(names) if name != names[-1]]
        if former:
            plain["aliases"] = former
    if Change.DEFAULT in document:
        rng = random.Random(document[Change.DEFAULT])  # noqa: S311 - repeatable, not secret
        plain["default"] = default(rng, type_of(_once(plain["type"], set())))
    return plain


def _once(document: Document, defined: set[str]) -> Document:
    """The document with each named type defined where it is first used, and referred to after."""
    if isinstance(document, list):
        return [_once(branch, defined) for branch in document]
    if isinstance(document, str):
        return document
    if "name" in document:
        if document["name"] in defined:
            return document["name"]
        defined.add(document["name"])
    inside = {key: _once(document[key], defined) for key in ("items", "values") if key in document}
    if isinstance(document["type"], dict):
        inside["type"] = _once(document["type"], defined)
    if "fields" in document:
        inside["fields"] = [{**field, "type": _once(field["type"], defined)} for field in document["fields"]]
    return {**document, **inside}


def default(rng: random.Random, avro: Document) -> Any:
    """A default in JSON for a type with its names looked up."""
    match avro["type"]:
        case "null":
            return None
        case "boolean":
            return rng.random() < 0.5
        case "int":
            return rng.choice((0, -1, 5, 80_000))
        case "long":
            return rng.choice((0, -1, 1_600_000_000))
        case "float" | "double":
            return rng.choice((0, 1, -0.5, 2.25, 1e30, "NaN", "-Infinity"))
        case "string":
            return rng.choice(("", "ü", "none", "\x00"))
        case "bytes":
            return rng.choice(("", "\x00", "\x01", "\x07"))
        case "fixed":
            return "\x00" * avro["size"]
        case "enum":
            return avro["symbols"][-1] if avro["symbols"] else ""
        case "array":
            return [default(rng, avro["items"])] if rng.random() < 0.3 and _is_flat(avro["items"]) else []
        case "map":
            return {"k": default(rng, avro["values"])} if rng.random() < 0.3 and _is_flat(avro["values"]) else {}
        case "union":
            if not avro["branches"]:
                return None
            return default(rng, avro["branches"][0] if rng.random() < 0.8 else rng.choice(avro["branches"]))
    return {
        field["name"]: default(rng, field["type"])
        for field in avro["fields"]
        if "default" not in field or rng.random() < 0.5
    }


def _is_flat(avro: Document) -> bool:
    return avro["type"] not in ("record", "array", "map", "union")


def _physical(document: Document) -> str:
    return document if isinstance(document, str) else str(document.get("type"))
