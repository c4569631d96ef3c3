"""Reasons that keep a schema folder from being published: sentences that name the file, the field and the rule.

Needs no stack. Compatibility is FULL_TRANSITIVE unless `schemas/<event>/compatibility.json` says
`{"level": "BACKWARD"}`, or another of `pipeline.avro.resolution.Level`. What concerns published versions only keeps
nothing from being published: they go on being served, and a warning names the way out.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from wavetank.pipeline.avro import canonical, events, limits, meaning, tables
from wavetank.pipeline.avro.model import ABSENT, Enum, InvalidSchema, Primitive, Record, Type, Union, title
from wavetank.pipeline.avro.parse import parse
from wavetank.pipeline.avro.resolution import Level, breaches, field_problems
from wavetank.pipeline.avro.storable import schema_misfits
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.layout import PARTITION_COLUMNS
from wavetank.pipeline.schemas.shared import SharedTypes

if TYPE_CHECKING:
    from wavetank.pipeline.topology import EventType, SchemaFile, Topology

LEVEL_FILE = "compatibility.json"
IDS_FILE = "ids.json"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a schema: where it comes from, for messages, whether it is published, and the schema itself."""

    where: str
    role: str
    version: int
    avro: Type
    is_published: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """Sentences on a schema folder: what keeps it from being published, and what is published already."""

    refused: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether something keeps the folder from being published."""
        return bool(self.refused)


def check_folder(
    planned: "Topology", published: Mapping[str, bytes] | None = None, level: Level | None = None
) -> Findings:
    """Everything that is wrong with the folder of a topology; what is `published` (key → bytes) counts before files."""
    # The base distribution, which has no library for settings, checks schemas alone.
    from wavetank.pipeline.schemas import enrichments, own_code

    shared = SharedTypes.beside(planned.events[0].folder)
    refused, warnings = list(shared.problems), list[str]()
    for name, definition in shared.definitions.items():
        try:
            read(shared.self_contained(json.dumps(name).encode()))
        except InvalidSchema as error:
            refused.append(f"{definition.where}: type {name}: {error}")
    for event in planned.events:
        findings = check_event(event, published or {}, level, shared)
        refused += findings.refused
        warnings += findings.warnings
    refused += own_code.problems(planned)
    refused += enrichments.refused(planned, published or {})
    warnings += enrichments.warnings(planned, published or {})
    return Findings(tuple(refused), tuple(warnings))


def check_event(
    event: "EventType", published: Mapping[str, bytes], level: Level | None = None, shared: SharedTypes | None = None
) -> Findings:
    """Everything that is wrong with one event type, whose files may use the types `shared` with others."""
    shared = shared or SharedTypes.beside(event.folder)
    versions: list[Version] = []
    refused: list[str] = []
    for file in sorted(event.schemas, key=lambda file: (file.role, file.version)):
        stored = published.get(file.key)
        try:
            text = shared.self_contained(file.path.read_bytes())
            if stored is not None and stored != text:
                refused += _changed(event, file, text, stored)
            versions.append(Version(str(file.path), file.role, file.version, read(stored or text), stored is not None))
        except InvalidSchema as error:
            refused.append(f"{file.path}: {error}")
    warnings: list[str] = []
    for is_new, sentence in _problems(versions, level or level_of(event)):
        (refused if is_new else warnings).append(sentence)
    refused += _key_problems(event, versions)
    raw = {file.version for file in event.schemas if file.role == "raw"}
    for number, version in ids_of(event).items():
        if version not in raw or not 0 <= int(number) < 2**32:
            refused.append(f"{event.folder / IDS_FILE}: id {number} → raw v{version}, which there is not")
    return Findings(tuple(refused), tuple(warnings))


def _changed(event: "EventType", file: "SchemaFile", text: bytes, stored: bytes) -> Iterator[str]:
    """Why a file, or its `text` written out, is no longer what is `stored` of it.

    Nothing where only types that it shares were changed, and a newer version is there for those.
    """
    source = file.path.read_bytes()
    try:
        published = json.loads(stored)
        is_the_same = json.loads(SharedTypes.within(stored).self_contained(source)) == published
        if is_the_same and text != source and json.loads(text) == published:
            return
    except ValueError:
        is_the_same = False
    if not is_the_same or text == source:
        yield (
            f"{file.path} differs from {file.key}, which is published: a published version is never changed; "
            f"undo the change, and add the new schema as the next version"
        )
    elif file == schema_file(event, file.role, None):
        newer = f"{file.role}.v{file.version + 1}"
        yield (
            f"{file.path}: types that it shares are no longer those of {file.key}, which is published and never "
            f"changed: undo that change, or add {newer} (a copy of {file.path.name} will do)"
        )


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


def level_of(event: "EventType") -> Level:
    """The level of an event type; raises ConfigurationError where its file names none that there is."""
    path = event.folder / LEVEL_FILE
    if not path.exists():
        return Level.FULL_TRANSITIVE
    try:
        return Level(json.loads(path.read_text())["level"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f'{path}: is {{"level": L}}, L one of {", ".join(Level)}: {error}') from error


def ids_of(event: "EventType") -> dict[str, int]:
    """Confluent id → raw version, as the folder has them; raises ConfigurationError."""
    path = event.folder / IDS_FILE
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


def schema_file(event: "EventType", role: str, version: int | None) -> "SchemaFile | None":
    """A version's file, or that of the newest."""
    files = [file for file in event.schemas if file.role == role and version in (None, file.version)]
    return max(files, key=lambda file: file.version, default=None)


def _problems(versions: Sequence[Version], level: Level) -> Iterator[tuple[bool, str]]:
    """Everything that is wrong with the versions of an event type, which are in order by role and number.

    Each with whether it concerns a version that is not published. Of those that are, only the newest is compared:
    what an older one did cannot be undone.
    """
    for _, group in groupby(versions, key=lambda version: version.role):
        chain = list(group)
        for number, version in enumerate(chain):
            is_new, where = not version.is_published, version.where
            yield from ((is_new, f"{where}: {problem}") for problem in events.problems(version.avro))
            older = [(earlier.version, earlier.avro) for earlier in chain[:number]]
            if is_new or version is chain[-1]:
                yield from (
                    (is_new, f"{where}: {breach.sentence(version.version)}")
                    for breach in breaches(version.avro, older, level)
                )
                yield from ((is_new, f"{where}: {change}") for change in _meanings(chain[:number], version))
    processed = [version for version in versions if version.role == "processed"]
    if processed and isinstance(processed[-1].avro, Record):
        yield from _newest(processed[-1], processed[-1].avro, processed[:-1], level)
        for raw in versions:
            if raw.role == "raw" and isinstance(raw.avro, Record):
                is_new = not (raw.is_published and processed[-1].is_published)
                yield from (
                    (is_new, f"{processed[-1].where}: {problem}")
                    for problem in _raw_problems(raw, raw.avro, processed[-1].avro)
                )


def _newest(version: Version, avro: Record, older: Sequence[Version], level: Level) -> Iterator[tuple[bool, str]]:
    """Everything that keeps the processed schema that records are read as from being one table with the older ones.

    Records of older ones are merged as the newest, whatever the level of compatibility is.
    """
    is_new, where = not version.is_published, version.where
    yield from ((is_new, f"{where}: {misfit}") for misfit in schema_misfits(avro))
    yield from ((is_new, f"{where}: {problem}") for problem in tables.name_problems(avro, PARTITION_COLUMNS))
    for earlier in older:
        looked_at = level.looks_back and (level.is_transitive or earlier is older[-1])
        if isinstance(earlier.avro, Record):
            unread = () if looked_at else field_problems(earlier.avro, avro)
            yield from ((is_new, f"{where}: {problem} (reading {earlier.where})") for problem in unread)
            yield from (
                (is_new, f"{where}: {problem} (beside {earlier.role}.v{earlier.version})")
                for problem in tables.column_problems(earlier.avro, avro)
            )


def _meanings(older: Sequence[Version], version: Version) -> Iterator[str]:
    """Each field that means something else than in an older version: once, beside the last that it differs from.

    The time of the event too, though the processor converts it: versions that differ in its unit alone share a
    fingerprint, so that nobody could tell which of them a record was written with.
    """
    told: set[str] = set()
    for earlier in reversed(older):
        if isinstance(earlier.avro, Record) and isinstance(version.avro, Record):
            for change in meaning.changes(earlier.avro, version.avro):
                if change.field not in told:
                    told.add(change.field)
                    mend = "add a field of another name for the new meaning"
                    mend = "keep its unit" if change.field == events.TIME_FIELD else mend
                    yield (
                        f"field {change.field}: was {change.written} in {_place(earlier, change)} and is "
                        f"{change.read}, so that values written then would mean something else; {mend}"
                    )


def _raw_problems(raw: Version, avro: Record, newest: Record) -> Iterator[str]:
    """Everything that keeps the newest processed schema from reading a raw one, or would change what its values mean.

    The time of the event is converted (`pipeline.core.decode`).
    """
    for problem in field_problems(avro, newest):
        yield f"{problem} (reading {raw.where})"
    for change in meaning.changes(avro, newest, (events.TIME_FIELD,)):
        yield (
            f"field {change.field}: is {change.read} and is read from {change.written} in {_place(raw, change)}, so "
            f"that its values would mean something else; make both the same, in a field of another name where one of "
            f"the two is published"
        )


def _key_problems(event: "EventType", versions: Sequence[Version]) -> Iterator[str]:
    """Why the newest schemas have no field by whose value events could be put on the streams."""
    key = event.component.partition_key
    newest = {version.role: version for version in sorted(versions, key=lambda version: version.version)}
    for version in newest.values():
        if not isinstance(version.avro, Record):
            continue
        fields = {field.name: field.type for field in version.avro.fields}
        if key not in fields:
            yield (
                f"{event.name}: partition_key is {key!r}, and {version.where} has no such field: name one that is in "
                "the newest raw and in the newest processed schema"
            )
        elif not _is_key(fields[key]):
            yield (
                f"{event.name}: partition_key is {key!r}, in {version.where} of type {title(fields[key])}: events are "
                "put by a string, an enum, an int or a long without a logical type, or by such an optional one"
            )


def _is_key(avro: Type) -> bool:
    """Whether the values of a type have one text each, the same in every language."""
    match avro:
        case Union(branches):
            return all(branch == Primitive("null") or _is_key(branch) for branch in branches)
        case Primitive(name, logical):
            return name in ("string", "int", "long") and logical is None
        case _:
            return isinstance(avro, Enum)


def _place(version: Version, change: meaning.Change) -> str:
    """A version, and the field in it where it has another name there."""
    field = f", field {change.written_field}" if change.written_field != change.field else ""
    return f"{version.role}.v{version.version}{field}"
