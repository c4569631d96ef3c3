"""Reasons that keep a schema folder from being published: sentences that name the file, the field and the rule.

Needs no stack. Compatibility is FULL_TRANSITIVE unless `schemas/<event>/compatibility.json` says
`{"level": "BACKWARD"}`, or another of `pipeline.avro.resolution.Level`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from wavetank.pipeline.avro import canonical, events, limits
from wavetank.pipeline.avro.model import ABSENT, Array, InvalidSchema, Map, Primitive, Record, Type, Union
from wavetank.pipeline.avro.parse import parse
from wavetank.pipeline.avro.resolution import Level, breaches, field_problems
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.topology import EventType, SchemaFile, Topology

LEVEL_FILE = "compatibility.json"
IDS_FILE = "ids.json"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a schema: where it comes from, for messages, and the schema itself."""

    where: str
    role: str
    version: int
    avro: Type


def check_folder(planned: Topology, level: Level | None = None) -> list[str]:
    """Everything that is wrong with the folder of a topology; nothing where it can be published."""
    return [problem for event in planned.events for problem in check_event(event, {}, level)]


def check_event(event: EventType, published: Mapping[str, bytes], level: Level | None = None) -> list[str]:
    """Everything that is wrong with one event type; what is `published` (key → bytes) counts before its files."""
    versions: list[Version] = []
    wrong: list[str] = []
    for file in sorted(event.schemas, key=lambda file: (file.role, file.version)):
        text, stored = file.path.read_bytes(), published.get(file.key)
        if stored is not None and stored != text:
            wrong.append(
                f"{file.path} differs from {file.key}, which is published: a published version is never changed; "
                f"undo the change, and add the new schema as the next version"
            )
        try:
            versions.append(Version(str(file.path), file.role, file.version, read(stored or text)))
        except InvalidSchema as error:
            wrong.append(f"{file.path}: {error}")
    wrong += _problems(versions, level or level_of(event))
    raw = {file.version for file in event.schemas if file.role == "raw"}
    for number, version in ids_of(event).items():
        if version not in raw or not 0 <= int(number) < 2**32:
            where = event.schemas[0].path.parent / IDS_FILE
            wrong.append(f"{where}: id {number} → raw v{version}, which there is not")
    return wrong


def read(text: bytes) -> Type:
    """The schema in `text`, which somebody can use; raises InvalidSchema."""
    try:
        avro = parse(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise InvalidSchema(f"not a valid Avro schema: {error}") from error
    if unusable := limits.problem(avro):
        raise InvalidSchema(f"the schema {unusable}")
    return avro


def fingerprint_of(text: bytes) -> str:
    """The fingerprint in hex; empty for what is no schema."""
    try:
        return canonical.fingerprint(canonical.canonical(read(text))).hex()
    except InvalidSchema:
        return ""


def level_of(event: EventType) -> Level:
    """The level of an event type; raises ConfigurationError where its file names none that there is."""
    path = event.schemas[0].path.parent / LEVEL_FILE
    if not path.exists():
        return Level.FULL_TRANSITIVE
    try:
        return Level(json.loads(path.read_text())["level"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f'{path}: is {{"level": L}}, L one of {", ".join(Level)}: {error}') from error


def ids_of(event: EventType) -> dict[str, int]:
    """Confluent id → raw version, as the folder has them; raises ConfigurationError."""
    path = event.schemas[0].path.parent / IDS_FILE
    if not path.exists():
        return {}
    try:
        return {str(int(number)): int(version) for number, version in json.loads(path.read_text()).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{path}: is {{schema id: raw version}}: {error}") from error


def differences(older: Type, newer: Type, path: str = "") -> Iterator[str]:
    """The changes between two versions, a line a field: + new, - gone, ~ changed."""
    if not isinstance(older, Record) or not isinstance(newer, Record):
        if canonical.canonical(older) != canonical.canonical(newer):
            yield f"~ {path or 'type'}: {canonical.canonical(older)} → {canonical.canonical(newer)}"
        return
    before, after = ({field.name: field for field in record.fields} for record in (older, newer))
    for name in [*before, *(name for name in after if name not in before)]:
        where = f"{path}.{name}" if path else name
        if name not in after:
            yield f"- {where}: {canonical.canonical(before[name].type)}"
        elif name not in before:
            default = after[name].default
            suffix = "" if default is ABSENT else f" = {json.dumps(default)}"
            yield f"+ {where}: {canonical.canonical(after[name].type)}{suffix}"
        else:
            yield from differences(before[name].type, after[name].type, where)


def schema_file(event: EventType, role: str, version: int | None) -> SchemaFile | None:
    """A version's file, or that of the newest."""
    files = [file for file in event.schemas if file.role == role and version in (None, file.version)]
    return max(files, key=lambda file: file.version, default=None)


def _problems(versions: Sequence[Version], level: Level) -> Iterator[str]:
    """Everything that is wrong with the versions of an event type, which are in order by role and number."""
    for _, group in groupby(versions, key=lambda version: version.role):
        chain = list(group)
        for number, version in enumerate(chain):
            yield from (f"{version.where}: {problem}" for problem in events.problems(version.avro))
            older = [(earlier.version, earlier.avro) for earlier in chain[:number]]
            for breach in breaches(version.avro, older, level):
                yield f"{version.where}: {breach.sentence(version.version)}"
            if number:
                units = _other_units(chain[number - 1].avro, version.avro)
                yield from (f"{version.where}: {problem}" for problem in units)
    processed = [version for version in versions if version.role == "processed"]
    if not processed or not isinstance(newest := processed[-1].avro, Record):
        return
    for field in newest.fields:
        reason = _no_column(field.type, (newest.name,))
        if reason:
            yield f"{processed[-1].where}: field {field.name}: {reason}, which Parquet has no column for"
    for raw in versions:
        if raw.role == "raw" and isinstance(raw.avro, Record):
            for problem in field_problems(raw.avro, newest):
                yield f"{processed[-1].where}: {problem} (reading {raw.where})"


def _other_units(older: Type, newer: Type) -> Iterator[str]:
    """Resolution takes no notice of logical types, so a change of unit would silently change what values mean."""
    if isinstance(older, Record) and isinstance(newer, Record):
        before = {field.name: _logical(field.type) for field in older.fields}
        for field in newer.fields:
            was, now = before.get(field.name, ""), _logical(field.type)
            if was and now and was != now:
                yield f"field {field.name}: was {was} and is {now}; add a field for the other unit"


def _logical(avro: Type) -> str:
    for branch in avro.branches if isinstance(avro, Union) else (avro,):
        if isinstance(branch, Primitive) and branch.logical:
            return branch.logical.name
    return ""


def _no_column(avro: Type, inside: tuple[str, ...]) -> str:
    match avro:
        case Union(branches):
            if sum(branch != Primitive("null") for branch in branches) > 1:
                return "a union of several types"
            return next(filter(None, (_no_column(branch, inside) for branch in branches)), "")
        case Array(inner) | Map(inner):
            return _no_column(inner, inside)
        case Record(name):
            if name in inside:
                return f"{name} contains itself"
            return next(filter(None, (_no_column(field.type, (*inside, name)) for field in avro.fields)), "")
    return ""
