"""What keeps a schema folder from being published: sentences that name the file, the field and the rule.

Needs no stack. Compatibility is FULL_TRANSITIVE unless `schemas/<event>/compatibility.json` says
`{"level": "BACKWARD"}`, or another of `pipeline.avro.compatibility.Level`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from wavetank.pipeline.avro import canonical, events, limits
from wavetank.pipeline.avro.compatibility import Level, breaches
from wavetank.pipeline.avro.model import ABSENT, Array, InvalidSchema, Map, Primitive, Record, Type, Union
from wavetank.pipeline.avro.parse import parse
from wavetank.pipeline.avro.resolution import field_problems
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.topology import EventType, SchemaFile, Topology

LEVEL_FILE = "compatibility.json"
IDS_FILE = "ids.json"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a schema: where it comes from, for messages, and the schema itself."""

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
    found: list[str] = []
    for file in sorted(event.schemas, key=lambda each: (each.role, each.version)):
        held = published.get(file.key)
        if held is not None and held != file.path.read_bytes():
            found.append(
                f"{file.path} differs from {file.key}, which is published: a published version is never changed; "
                f"undo the change, and add the new schema as the next version"
            )
        try:
            versions.append(Version(str(file.path), file.role, file.version, read(held or file.path.read_bytes())))
        except InvalidSchema as error:
            found.append(f"{file.path}: {error}")
    found += _check(versions, level or level_of(event))
    return [*found, *_id_problems(event)]


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
        ids = {str(int(number)): int(version) for number, version in json.loads(path.read_text()).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{path}: is {{schema id: raw version}}: {error}") from error
    return ids


def differences(older: Type, newer: Type, path: str = "") -> Iterator[str]:
    """What changed between two versions, a line a field: + new, - gone, ~ changed."""
    if not isinstance(older, Record) or not isinstance(newer, Record):
        if _form(older) != _form(newer):
            yield f"~ {path or 'type'}: {_form(older)} → {_form(newer)}"
        return
    before, after = ({each.name: each for each in record.fields} for record in (older, newer))
    for name in [*before, *(name for name in after if name not in before)]:
        where = f"{path}.{name}" if path else name
        if name not in after:
            yield f"- {where}: {_form(before[name].type)}"
        elif name not in before:
            default = after[name].default
            said = "" if default is ABSENT else f" = {json.dumps(default)}"
            yield f"+ {where}: {_form(after[name].type)}{said}"
        else:
            yield from differences(before[name].type, after[name].type, where)


def schema_file(event: EventType, role: str, version: int | None) -> SchemaFile | None:
    """A version's file, or that of the newest."""
    files = [file for file in event.schemas if file.role == role and version in (None, file.version)]
    return max(files, key=lambda file: file.version, default=None)


def _check(versions: Sequence[Version], level: Level) -> Iterator[str]:
    for _, group in groupby(versions, key=lambda each: each.role):
        chain = list(group)
        for number, each in enumerate(chain):
            yield from (f"{each.where}: {problem}" for problem in events.problems(each.avro))
            older = [(earlier.version, earlier.avro) for earlier in chain[:number]]
            for breach in breaches(each.avro, older, level):
                yield f"{each.where}: {breach.sentence(each.version)}"
            if number:
                yield from (f"{each.where}: {problem}" for problem in _other_units(chain[number - 1].avro, each.avro))
    yield from _between_roles(versions)


def _between_roles(versions: Sequence[Version]) -> Iterator[str]:
    """The newest processed schema has a column for each of its fields, and reads every raw version."""
    processed = [each for each in versions if each.role == "processed"]
    if not processed or not isinstance(newest := processed[-1].avro, Record):
        return
    yield from (f"{processed[-1].where}: {problem}" for problem in _without_column(newest))
    for raw in (each for each in versions if each.role == "raw"):
        if isinstance(raw.avro, Record):
            for problem in field_problems(raw.avro, newest):
                yield f"{processed[-1].where}: {problem} (reading {raw.where})"


def _other_units(older: Type, newer: Type) -> Iterator[str]:
    """Resolution takes no notice of logical types, so a change of unit would silently change what values mean."""
    if isinstance(older, Record) and isinstance(newer, Record):
        before = {each.name: _logical(each.type) for each in older.fields}
        for each in newer.fields:
            was, now = before.get(each.name, ""), _logical(each.type)
            if was and now and was != now:
                yield f"field {each.name}: was {was} and is {now}; add a field for the other unit"


def _logical(avro: Type) -> str:
    for branch in avro.branches if isinstance(avro, Union) else (avro,):
        if isinstance(branch, Primitive) and branch.logical:
            return branch.logical.name
    return ""


def _without_column(avro: Record) -> Iterator[str]:
    for each in avro.fields:
        reason = _no_column(each.type, (avro.name,))
        if reason:
            yield f"field {each.name}: {reason}, which Parquet has no column for"


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
            return next(filter(None, (_no_column(each.type, (*inside, name)) for each in avro.fields)), "")
    return ""


def _id_problems(event: EventType) -> Iterator[str]:
    known = {file.version for file in event.schemas if file.role == "raw"}
    for number, version in ids_of(event).items():
        if version not in known or not 0 <= int(number) < 2**32:
            yield f"{event.schemas[0].path.parent / IDS_FILE}: id {number} → raw v{version}, which there is not"


def _form(avro: Type) -> str:
    return canonical.canonical(avro)
