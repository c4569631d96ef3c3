"""A mapping file: how lines of a source become events of one type. TOML, checked whole before the first line.

event = "impression"
[id]                                # one of:
field = "uuid"                      #   the field that holds the id
hash = ["user", "time"]             #   an id made from the content of some fields; "*" for all of them
[time]
field = "timestamp"
format = "iso8601"                  # iso8601, epoch_s, epoch_ms, epoch_us a strptime pattern, or a list; UTC if naive
[rename]
click = "clicked"                   # field of the source = field of the schema
user.address.city = "city"          # a path in the source, quoted or not; "items[0].id" has to be
town = "address.city"               # a field in a record of the schema
[collect]
user_features = "user_feature_*"    # map field of the schema = pattern, or list of patterns, of source names
[csv]
separator = ";"                     # of a source in CSV; without it, what the first row has most of
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from wavetank.pipeline.avro.defaults import problems
from wavetank.pipeline.avro.model import InvalidSchema, Map, Primitive, Record, Type, Union
from wavetank.pipeline.avro.parse import parse
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME, Value
from wavetank.scenarios.workload.csv_rows import SEPARATORS
from wavetank.scenarios.workload.json_scalars import Read, shown
from wavetank.scenarios.workload.json_times import EPOCH_UNITS, time_reader

ALL_FIELDS = "*"
ATTRIBUTES = "attributes"
MAPPINGS = "mappings"
"""The folder of a project's own mappings."""
_BUNDLED = Path(__file__).parents[1] / "mappings"
_TABLES = {"id": {"field", "hash"}, "time": {"field", "format"}, "csv": {"separator"}}


class MappingError(ValueError):
    """A mapping file cannot be used: which file, which key, the rule it breaks, and the way out."""

    def __init__(self, source: str, key: str, rule: str, remedy: str) -> None:
        super().__init__(f"{source}: {key}: {rule}. {remedy}")
        self.source, self.key, self.rule, self.remedy = source, key, rule, remedy


@dataclass(frozen=True)
class IdRule:
    """The source of the id: the value of `fields[0]`, or a hash of `fields` (of all fields if none); names or paths."""

    fields: tuple[str, ...]
    hashed: bool


@dataclass(frozen=True)
class TimeRule:
    """The source of the event time, a name or a path, and how it is read."""

    name: str
    read: Read = field(repr=False, compare=False)


@dataclass(frozen=True)
class EventMapping:
    """A checked mapping onto a raw schema.

    rename: name or path in the source → schema field, or the fields of records on the way to one, joined by points.
    collect: map field of the schema → patterns of source fields. separator: of a source in CSV, None where its first
    row tells.
    """

    event_type: str
    schema: Record
    id: IdRule
    time: TimeRule
    rename: Mapping[str, str] = field(default_factory=dict)
    collect: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    separator: str | None = None

    def collector_of(self, source: str) -> str | None:
        """The map field that collects the source field, if one does: the first in the file's order."""
        for target, patterns in self.collect.items():
            if any(fnmatchcase(source, pattern) for pattern in patterns):
                return target
        return None

    @property
    def keeps_the_rest(self) -> bool:
        """Whether the schema has a map for fields that have no column."""
        return any(field.name == ATTRIBUTES and _is_text_map(field.type) for field in self.schema.fields)


def find(named: str, folder: Path) -> Path:
    """The file of that name, else the mapping of that name in `folder`, else the one that comes with wavetank.

    It may not exist.
    """
    places = (Path(named), folder / f"{named}.toml", _BUNDLED / f"{named}.toml")
    return next((path for path in places if path.is_file()), places[0])


def load(path: Path, schemas: Mapping[str, Mapping[str, Any]]) -> EventMapping:
    """The mapping in a TOML file; `schemas` gives, by event type, the definition of the raw schema.

    Raises MappingError naming file, key, rule and the way out.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        bundled = ", ".join(sorted(file.stem for file in _BUNDLED.glob("*.toml")))
        remedy = f"Name a mapping file, or one that comes with wavetank: {bundled}."
        raise MappingError(str(path), "file", error.strerror or str(error), remedy) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MappingError(str(path), "file", f"not TOML: {error}", "Mend the line it names.") from error
    return from_document(document, str(path), schemas)


def from_document(document: Mapping[str, Any], source: str, schemas: Mapping[str, Mapping[str, Any]]) -> EventMapping:
    """The mapping in a parsed TOML document; `source` names it in errors. Raises MappingError."""
    return _Checker(document, source, schemas).mapping()


class _Checker:
    """Checks one document; every method raises MappingError."""

    def __init__(self, document: Mapping[str, Any], source: str, schemas: Mapping[str, Mapping[str, Any]]) -> None:
        self._document = document
        self._source = source
        self._schemas = schemas
        self._types: Mapping[str, Type] = {}

    def mapping(self) -> EventMapping:
        self._only({"event", "id", "time", "rename", "collect", "csv"}, self._document, "")
        event_type = self._document.get("event")
        if not isinstance(event_type, str) or event_type not in self._schemas:
            listed = ", ".join(sorted(self._schemas))
            raise self._error("event", f"{event_type!r} is no event type", f"Name one of: {listed}.")
        schema = self._schema(event_type)
        self._types = {field.name: field.type for field in schema.fields}
        return EventMapping(
            event_type=event_type,
            schema=schema,
            id=self._id(),
            time=self._time(),
            rename=self._rename(),
            collect=self._collect(),
            separator=self._separator(),
        )

    def _error(self, key: str, rule: str, remedy: str) -> MappingError:
        return MappingError(self._source, key, rule, remedy)

    def _only(self, keys: set[str], table: Mapping[str, Any], prefix: str) -> None:
        for key in table:
            if key not in keys:
                raise self._error(prefix + key, "no such key", f"There are: {', '.join(sorted(keys))}.")

    def _table(self, name: str) -> Mapping[str, Any]:
        table = self._document.get(name, {})
        if not isinstance(table, dict):
            raise self._error(name, "must be a table", f"Write it as [{name}] with keys below.")
        if name in _TABLES:
            self._only(_TABLES[name], table, f"{name}.")
        return table

    def _text(self, table: Mapping[str, Any], key: str, remedy: str) -> str:
        value = table.get(key.rpartition(".")[2])
        if not isinstance(value, str) or not value:
            rule = "missing" if value is None else "must be a text that is not empty"
            raise self._error(key, rule, remedy)
        return value

    def _schema(self, event_type: str) -> Record:
        try:
            schema = parse(self._schemas[event_type])
            if not isinstance(schema, Record):
                raise InvalidSchema("it is no record")
            if problem := next(problems(schema), None):
                raise InvalidSchema(problem)
        except InvalidSchema as error:
            remedy = "Mend it: `wavetank schemas check` says more."
            raise self._error("event", f"the raw schema of {event_type} is none: {error}", remedy) from error
        return schema

    def _time(self) -> TimeRule:
        table = self._table("time")
        name = self._text(table, "time.field", 'Give `field = "name"` in [time].')
        remedy = 'Give `format = "iso8601"`, for instance, or a list of formats.'
        formats: tuple[str, ...]
        if isinstance(table.get("format"), list):
            formats = self._names("time.format", table["format"], remedy)
        else:
            formats = (self._text(table, "time.format", remedy),)
        if len(epochs := [one for one in formats if one in EPOCH_UNITS]) > 1:
            rule = f"a number is a time in each of {', '.join(epochs)}: the second would never be used"
            raise self._error("time.format", rule, "Keep one of them.")
        try:
            readers = [time_reader(one) for one in formats]
        except ValueError as error:
            raise self._error("time.format", str(error), "See the formats in docs/feed.md.") from error
        return TimeRule(name, _first_of(readers) if len(readers) > 1 else readers[0])

    def _id(self) -> IdRule:
        table = self._table("id")
        remedy = 'Give `field = "name"` or `hash = ["name", …]` in [id].'
        if len(table) != 1:
            raise self._error("id", "needs exactly one of field and hash", remedy)
        if "field" in table:
            return IdRule((self._text(table, "id.field", remedy),), hashed=False)
        if table["hash"] == ALL_FIELDS:
            return IdRule((), hashed=True)
        names = self._names("id.hash", table["hash"], 'Give `hash = ["name", …]` or `hash = "*"`.')
        if ALL_FIELDS in names:
            raise self._error("id.hash", '"*" is no name in a list', 'For all fields write `hash = "*"`.')
        return IdRule(names, hashed=True)

    def _rename(self) -> dict[str, str]:
        targets: dict[str, str] = {}
        ruled = (EVENT_ID, EVENT_TIME)
        free = {name: avro for name, avro in self._types.items() if name not in ruled}
        for source, target in self._renames("", self._table("rename")):
            key = f"rename.{source}"
            if not isinstance(target, str):
                raise self._error(key, "must be the name of a field", f'Write `{source} = "field"`.')
            if target in ruled:
                raise self._error(key, f"{target} has a rule of its own", "Use [id] and [time] for it.")
            if target == ATTRIBUTES and _is_text_map(self._types.get(ATTRIBUTES)):
                raise self._error(key, f"{target} keeps what has no field", "Leave it out: it is kept there as it is.")
            types: Mapping[str, Type] = free
            inside = "the schema"
            for name in target.split("."):
                if name not in types:
                    remedy = f"Name one of: {', '.join(types)}." if types else "Name a field of a record."
                    raise self._error(key, f"{inside} has no field {shown(name)[1:-1]}", remedy)
                types, inside = _fields_of(types[name]), name
            if source in targets:
                raise self._error(key, "is given twice", "Rename it to one field.")
            for other in targets.values():
                if f"{other}.".startswith(f"{target}.") or f"{target}.".startswith(f"{other}."):
                    raise self._error(key, f"{min(target, other)} is given twice", "Rename one source field to it.")
            targets[source] = target
        return targets

    def _renames(self, prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Names or paths with their targets: `a.b = "x"` is a table in a table to TOML, as `[rename.a]` is."""
        for name, target in table.items():
            if isinstance(target, dict) and target:
                yield from self._renames(f"{prefix}{name}.", target)
            else:
                yield f"{prefix}{name}", target

    def _collect(self) -> dict[str, tuple[str, ...]]:
        collected: dict[str, tuple[str, ...]] = {}
        for target, patterns in self._table("collect").items():
            key = f"collect.{target}"
            if not _is_text_map(self._types.get(target)):
                maps = ", ".join(name for name in self._types if _is_text_map(self._types[name])) or "none"
                raise self._error(key, f"{target} is no map of text in the schema", f"There are: {maps}.")
            if any(target == renamed for _, renamed in self._renames("", self._table("rename"))):
                raise self._error(key, f"{target} is renamed to as well", "Give either, not both.")
            names = [patterns] if isinstance(patterns, str) else patterns
            collected[target] = self._names(key, names, f'Write `{target} = "name_*"`.')
        return collected

    def _separator(self) -> str | None:
        separator = self._table("csv").get("separator")
        if separator is None or (isinstance(separator, str) and separator in SEPARATORS):
            return separator
        listed = ", ".join(f"{text!r}" for text in SEPARATORS)
        raise self._error("csv.separator", f"{shown(separator)} is no separator", f"Give one of: {listed}.")

    def _names(self, key: str, names: Any, remedy: str) -> tuple[str, ...]:
        named = isinstance(names, list) and all(isinstance(name, str) and name for name in names)
        if not named or not names:
            raise self._error(key, "must be a list of names that is not empty", remedy)
        if len(set(names)) < len(names):
            raise self._error(key, "names a field twice", remedy)
        return tuple(names)


def _first_of(readers: Sequence[Read]) -> Read:
    """A reader that is the first of several that takes the value."""

    def read(value: Any) -> Value:
        reasons = []
        for reader in readers:
            try:
                return reader(value)
            except (ValueError, OverflowError) as error:
                reasons.append(str(error))
        raise ValueError("; ".join(reasons))

    return read


def _only_branch(avro: Type) -> Type:
    """The type itself, or that of a union of it and null."""
    if isinstance(avro, Union):
        branches = [branch for branch in avro.branches if branch != Primitive("null")]
        return branches[0] if len(branches) == 1 else avro
    return avro


def _fields_of(avro: Type) -> Mapping[str, Type]:
    avro = _only_branch(avro)
    return {field.name: field.type for field in avro.fields} if isinstance(avro, Record) else {}


def _is_text_map(avro: Type | None) -> bool:
    avro = _only_branch(avro) if avro is not None else None
    return isinstance(avro, Map) and avro.values == Primitive("string")
