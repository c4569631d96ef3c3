"""Avro schemas as the pipeline knows them: a version of an event's raw or processed form, by fingerprint.

Fingerprint: MD5 of the parsing canonical form (`pipeline.avro.canonical`).
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from fastavro.schema import SchemaParseException, UnknownType, parse_schema

from wavetank.pipeline import layout
from wavetank.pipeline.avro import canonical, limits, storable
from wavetank.pipeline.avro.events import MICROS_PER_UNIT, TIME_FIELD, problems
from wavetank.pipeline.avro.model import Array, Enum, Fixed, Map, Primitive, Record, Type, Union
from wavetank.pipeline.avro.parse import parse as parse_document
from wavetank.pipeline.errors import SchemaError

FIRST_TIME_US = -62_135_596_800_000_000
"""The first microsecond of the year 1 …"""
LAST_TIME_US = 253_402_300_799_999_999
"""… and the last of the year 9999: other times have no four-digit date to be filed under."""


NO_NAMESPACE = "_"
"""The namespace of names that have none, in what fastavro writes by."""


class Role(StrEnum):
    """Which stream a schema describes."""

    RAW = "raw"
    PROCESSED = "processed"


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """A published version of a schema.

    `avro` is the schema as values. `physical` is the same without logical types, as fastavro writes it: what is on
    the wire, times as integers. `definition` keeps logical types for the files that people read. `crc64` is the
    fingerprint of single-object encoding. `unreadable` says why nothing can be written or read with it though it is an
    Avro schema (`pipeline.avro.limits`), `unlandable` of a processed one why nothing of it can be at rest
    (`pipeline.avro.storable`); both are empty where something can.
    """

    event_type: str
    role: Role
    version: int
    definition: dict[str, Any]
    avro: Record
    physical: dict[str, Any]
    fingerprint: bytes
    crc64: bytes
    micros_per_time_unit: int
    unreadable: str = ""
    unlandable: str = ""

    @property
    def unusable(self) -> str:
        """Why no event can go on in the schema, in a sentence; empty where one can."""
        return f"the schema {self.unreadable}" if self.unreadable else self.unlandable

    @property
    def title(self) -> str:
        """The schema in a word or two, for messages; one that came with a file has no version."""
        return f"{self.role} v{self.version}" if self.version else f"the file's {self.role} schema"

    @property
    def key(self) -> str:
        """The schema's object in the registry bucket, written once."""
        return layout.schema_key(self.event_type, self.role, self.version)


def parse(text: str | bytes, event_type: str, role: Role, version: int) -> Schema:
    """The schema in `text`; raises SchemaError, naming the rule, where an event could not have it."""
    name = f"{event_type} {role} v{version}"
    try:
        document = json.loads(text)
        avro = parse_document(document)
        broken = list(problems(avro))
        if not isinstance(avro, Record) or broken:
            raise SchemaError(f"{name}: {broken[0]}")
        physical = cast(dict[str, Any], parse_schema(_physical(avro, set())))
    except (ValueError, TypeError, KeyError, RecursionError, SchemaParseException, UnknownType) as error:
        raise SchemaError(f"{name}: not a valid Avro schema: {error}") from error
    time = next(field.type for field in avro.fields if field.name == TIME_FIELD)
    logical = time.logical if isinstance(time, Primitive) else None
    form = canonical.canonical(avro)
    unreadable = limits.problem(avro)
    # What Parquet has no column for is looked for in schemas of bounded size only.
    misfit = next(storable.schema_misfits(avro), None) if role is Role.PROCESSED and not unreadable else None
    return Schema(
        event_type=event_type,
        role=role,
        version=version,
        definition=document,
        avro=avro,
        physical=physical,
        fingerprint=canonical.fingerprint(form),
        crc64=canonical.crc64(form),
        micros_per_time_unit=MICROS_PER_UNIT[logical.name if logical else ""],
        unreadable=unreadable,
        unlandable=str(misfit or ""),
    )


def _physical(avro: Type, seen: set[str]) -> Any:
    """A type without logical types, in the one form of those in the specification that fastavro takes everywhere.

    Names are in full and have a namespace: fastavro takes a name without one for that of the namespace around it.
    Fields have no defaults: a record that is written has all of them, and fastavro takes some for wrong that are right.
    """
    match avro:
        case Primitive(name):
            return name
        case Array(items):
            return {"type": "array", "items": _physical(items, seen)}
        case Map(values):
            return {"type": "map", "values": _physical(values, seen)}
        case Union(branches):
            return [_physical(branch, seen) for branch in branches]
    name = avro.name if "." in avro.name else f"{NO_NAMESPACE}.{avro.name}"
    if name in seen:
        return name
    seen.add(name)
    match avro:
        case Enum():
            return {"type": "enum", "name": name, "symbols": list(avro.symbols)}
        case Fixed():
            return {"type": "fixed", "name": name, "size": avro.size}
    fields = [{"name": field.name, "type": _physical(field.type, seen)} for field in avro.fields]
    return {"type": "record", "name": name, "fields": fields}
