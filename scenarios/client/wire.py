"""Encodes events as a producer does: wire frame version 1, one event per Kinesis record.

Header, 32 bytes, big endian: version 0x01, mark "WTK", u32 body length, 16-byte schema fingerprint, u32
CRC-32 of the 24 bytes before it, u32 CRC-32 of the body that starts from the header's. Body: Avro binary
without a container (Avro specification, "Binary encoding"). Fingerprint: MD5 of the schema's parsing
canonical form (same specification, "Parsing Canonical Form for Schemas" and "Schema Fingerprints").
"""

import hashlib
import json
import re
import struct
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.schema import fingerprint, to_parsing_canonical_form

from wavetank.pipeline.avro.model import InvalidSchema
from wavetank.pipeline.schemas import shared
from wavetank.scenarios.oracle.avro import Type, type_of, words
from wavetank.scenarios.oracle.history import Value

VERSION = 1
MARK = b"WTK"
ID_FIELD = "event_id"
TIME_FIELD = "event_time"
MICROS_PER_MILLI = 1_000
HEADER_BYTES = 32
MAX_FRAME_BYTES = 1024 * 1024
"""A frame fills at most one Kinesis record of the default size limit, 1 MiB."""

_FILE_NAME = re.compile(r"(?P<role>[a-z]+)\.v(?P<version>[1-9][0-9]*)\.avsc")
_HEADER = struct.Struct(">B3sI16s")
_CHECKS = struct.Struct(">II")


class EncodingError(ValueError):
    """The record does not fit the schema; the message names what does not."""


class FrameTooLargeError(EncodingError):
    """The frame would not fit into one Kinesis record."""


@dataclass(frozen=True)
class WireSchema:
    """A schema as a producer uses it: its Avro definition, parsed once, and its fingerprint (16 bytes).

    `parsed` is without logical types: values are as on the wire, and a logical type that is not valid is none (Avro
    specification, "Logical Types").
    """

    definition: Mapping[str, Any]
    fingerprint: bytes
    parsed: Any = field(repr=False, compare=False)

    @classmethod
    def of(cls, definition: Mapping[str, Any]) -> "WireSchema":
        """The schema of an Avro definition. Raises fastavro's SchemaParseException where it is none."""
        fingerprint = hashlib.md5(_canonical(definition).encode(), usedforsecurity=False).digest()
        # fastavro takes some defaults for wrong that are right, as 1 for a double.
        return cls(
            definition, fingerprint, parse_schema(without(definition, "logicalType"), _ignore_default_error=True)
        )

    @cached_property
    def time_is_millis(self) -> bool:
        """Whether `event_time` is in milliseconds, which a schema may have it in."""
        times = [entry["type"] for entry in self.definition["fields"] if entry["name"] == TIME_FIELD]
        return any(isinstance(time, Mapping) and time.get("logicalType") == "timestamp-millis" for time in times)

    @cached_property
    def _types(self) -> Mapping[str, Type]:
        return {entry["name"]: entry["type"] for entry in type_of(self.definition)["fields"]}

    def in_words(self, record: Mapping[str, Any]) -> dict[str, Value]:
        """The fields of a record in the words of the oracle; the time of an event is in microseconds as it is."""
        return {
            name: value if name == TIME_FIELD or name not in self._types else words(value, self._types[name])
            for name, value in record.items()
        }


def newest_schema(folder: Path, role: str = "raw") -> WireSchema:
    """The highest version of `<role>.v<N>.avsc` in an event type's folder; FileNotFoundError for none.

    As it is published, with the types that event types share written out (raises InvalidSchema where one is missing).
    """
    there = _files(folder, role)
    if not there:
        raise FileNotFoundError(f"no {role}.v1.avsc in {folder}")
    return _published(there[max(there)])


def versions(folder: Path, role: str = "raw") -> Mapping[int, WireSchema]:
    """Every version of `<role>.v<N>.avsc` in an event type's folder, as it is published."""
    return {version: _published(path) for version, path in _files(folder, role).items()}


def confluent_ids(folder: Path, role: str = "raw") -> dict[bytes, int]:
    """The Confluent id of each version in an event type's folder that has one, by the schema's fingerprint."""
    path = folder / "ids.json"
    if not path.exists():
        return {}
    ids, published = json.loads(path.read_text("utf-8")), versions(folder, role)
    return {published[version].fingerprint: int(number) for number, version in ids.items()}


def _files(folder: Path, role: str) -> dict[int, Path]:
    return {
        int(match["version"]): path
        for path in folder.glob("*.avsc")
        if (match := _FILE_NAME.fullmatch(path.name)) and match["role"] == role
    }


def _published(path: Path) -> WireSchema:
    return WireSchema.of(json.loads(shared.text_of(path)))


def encode_frame(schema: WireSchema, record: Mapping[str, object]) -> bytes:
    """The frame that carries `record`; `decode` of a correct reader gives the record back.

    Fields left out take the schema's defaults. Raises EncodingError for a field the schema lacks or a value
    of the wrong type, FrameTooLargeError for a record that no Kinesis record holds.
    """
    out = BytesIO()
    try:
        schemaless_writer(out, schema.parsed, record, strict_allow_default=True)
    except (ValueError, TypeError, OverflowError, KeyError, AttributeError, struct.error) as error:
        raise EncodingError(f"does not fit the schema {schema.definition['name']}: {error}") from error
    return frame_of(schema.fingerprint, out.getvalue())


def encode_event(schema: WireSchema, record: Mapping[str, object]) -> bytes:
    """The frame of an event, whose time is in microseconds whatever the schema counts in. Raises as `encode_frame`."""
    if schema.time_is_millis and isinstance(time := record[TIME_FIELD], int):
        record = {**record, TIME_FIELD: time // MICROS_PER_MILLI}
    return encode_frame(schema, record)


def frame_of(fingerprint: bytes, body: bytes) -> bytes:
    """The frame around an encoded `body`. Raises FrameTooLargeError."""
    if HEADER_BYTES + len(body) > MAX_FRAME_BYTES:
        raise FrameTooLargeError(
            f"{HEADER_BYTES + len(body):,} bytes encoded, and a frame holds {MAX_FRAME_BYTES:,} at most"
        )
    header = _HEADER.pack(VERSION, MARK, len(body), fingerprint)
    header_check = zlib.crc32(header)
    return header + _CHECKS.pack(header_check, zlib.crc32(body, header_check)) + body


def single_object(schema: WireSchema, record: Mapping[str, object]) -> bytes:
    """The record in Avro single-object encoding: `C3 01`, CRC-64-AVRO of the schema, body (Avro specification)."""
    return (
        b"\xc3\x01" + bytes.fromhex(fingerprint(_canonical(schema.definition), "CRC-64-AVRO")) + _body(schema, record)
    )


def confluent(schema_id: int, schema: WireSchema, record: Mapping[str, object]) -> bytes:
    """The record in Confluent's wire format: a zero, the schema id in 4 bytes, body."""
    return b"\x00" + schema_id.to_bytes(4) + _body(schema, record)


def peek(data: bytes, schemas: Iterable[Path]) -> dict[str, Any] | None:
    """The fields of `data` as far as it decodes, for a person to look at; None where no schema makes sense of it.

    The body after any of the envelopes is tried with every schema; the reading that gets furthest is taken.
    """
    bodies = [data[start:] for start in (HEADER_BYTES, 10, 5, 0) if len(data) > start]
    definitions = []
    for path in schemas:
        with suppress(InvalidSchema):
            definitions.append(json.loads(shared.text_of(path)))
    read = [_as_far(body, definition) for definition in definitions for body in bodies]
    best = max(read, key=lambda fields: (len(fields), bool(fields.get(ID_FIELD))), default={})
    return best or None


def _canonical(definition: Mapping[str, Any]) -> str:
    """The parsing canonical form, which has no defaults: fastavro takes some for wrong that are right."""
    return str(to_parsing_canonical_form(without(definition, "logicalType", "default")))


def without(schema: Any, *attributes: str) -> Any:
    """A schema without some attributes of its types and fields; what else it holds is as it was."""
    if isinstance(schema, list):
        return [without(branch, *attributes) for branch in schema]
    if not isinstance(schema, Mapping):
        return schema
    parts = ("type", "items", "values", "fields")
    inner = {key: without(schema[key], *attributes) for key in parts if key in schema}
    return {key: value for key, value in schema.items() if key not in attributes} | inner


def _as_far(body: bytes, definition: Mapping[str, Any]) -> dict[str, Any]:
    """The first fields of a record, up to the one that does not decode."""
    source, fields, types = BytesIO(body), dict[str, Any](), dict[str, Any]()
    namespace = definition.get("namespace", "")
    for number, entry in enumerate(definition["fields"]):
        try:
            only = parse_schema(
                {"type": "record", "name": f"Peek{number}", "namespace": namespace, "fields": [entry]}, types
            )
            field_read = schemaless_reader(source, only, None)
        except Exception:
            return fields
        fields |= field_read if isinstance(field_read, dict) else {}
    return fields


def _body(schema: WireSchema, record: Mapping[str, object]) -> bytes:
    out = BytesIO()
    schemaless_writer(out, schema.parsed, record, strict_allow_default=True)
    return out.getvalue()
