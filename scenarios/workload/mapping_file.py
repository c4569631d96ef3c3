"""A mapping file: how lines of a source become events of one type. TOML, checked whole before the first line.

event = "impression"
[id]                                # one of:
field = "uuid"                      #   the field that holds the id
hash = ["user", "time"]             #   an id made from the content of some fields; "*" for all of them
[time]
field = "timestamp"
format = "iso8601"                  # iso8601, epoch_s, epoch_ms, epoch_us or a strptime pattern; UTC if naive
[rename]
click = "clicked"                   # field of the source = field of the schema
[collect]
user_features = "user_feature_*"    # map field of the schema = pattern, or list of patterns, of source names
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME
from wavetank.scenarios.workload.json_values import Read, reader_of, time_reader

ALL_FIELDS = "*"
ATTRIBUTES = "attributes"
_BUNDLED = Path(__file__).parents[1] / "mappings"
_TABLES = {"id": {"field", "hash"}, "time": {"field", "format"}}


class MappingError(ValueError):
    """A mapping file cannot be used: which file, which key, the rule it breaks, and the way out."""

    def __init__(self, source: str, key: str, rule: str, remedy: str) -> None:
        super().__init__(f"{source}: {key}: {rule}. {remedy}")
        self.source, self.key, self.rule, self.remedy = source, key, rule, remedy


@dataclass(frozen=True)
class IdRule:
    """The source of the id: the value of `fields[0]`, or a hash of `fields` (of all fields if none)."""

    fields: tuple[str, ...]
    hashed: bool


@dataclass(frozen=True)
class TimeRule:
    """The source of the event time, and how it is read."""

    name: str
    read: Read = field(repr=False, compare=False)


@dataclass(frozen=True)
class EventMapping:
    """A checked mapping onto the schema whose field types are `types`.

    rename: source field → schema field. collect: map field of the schema → patterns of source fields.
    """

    event_type: str
    types: Mapping[str, Any]
    id: IdRule
    time: TimeRule
    rename: Mapping[str, str] = field(default_factory=dict)
    collect: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def reader(self, name: str) -> Read | None:
        """The reader of a value as one of the schema's field `name`; None where JSON cannot fill such a field."""
        return reader_of(self.types[name]) if name in self.types else None

    def collector_of(self, source: str) -> str | None:
        """The map field that collects the source field, if one does: the first in the file's order."""
        for target, patterns in self.collect.items():
            if any(fnmatchcase(source, pattern) for pattern in patterns):
                return target
        return None

    @property
    def keeps_the_rest(self) -> bool:
        """Whether the schema has a map for fields that have no column."""
        return _is_text_map(self.types.get(ATTRIBUTES))


def find(named: str) -> Path:
    """The file of that name, else the mapping of that name that comes with wavetank. It may not exist."""
    path = Path(named)
    bundled = _BUNDLED / f"{named}.toml"
    return bundled if not path.exists() and bundled.is_file() else path


def load(path: Path, schemas: Mapping[str, Mapping[str, Any]]) -> EventMapping:
    """The mapping in a TOML file; `schemas` gives, by event type, the Avro types of the raw schema's fields.

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
        self._types: Mapping[str, Any] = {}

    def mapping(self) -> EventMapping:
        self._only({"event", "id", "time", "rename", "collect"}, self._document, "")
        event_type = self._document.get("event")
        if not isinstance(event_type, str) or event_type not in self._schemas:
            listed = ", ".join(sorted(self._schemas))
            raise self._error("event", f"{event_type!r} is no event type", f"Name one of: {listed}.")
        self._types = self._schemas[event_type]
        id_rule, table = self._id(), self._table("time")
        name = self._text(table, "time.field", 'Give `field = "name"` in [time].')
        time_format = self._text(table, "time.format", 'Give `format = "iso8601"`, for instance.')
        try:
            time_rule = TimeRule(name, time_reader(time_format))
        except ValueError as error:
            raise self._error("time.format", str(error), "See the formats in docs/feed.md.") from error
        return EventMapping(
            event_type=event_type,
            types=self._types,
            id=id_rule,
            time=time_rule,
            rename=self._rename(),
            collect=self._collect(),
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
        return IdRule(names, hashed=True)

    def _rename(self) -> dict[str, str]:
        targets: dict[str, str] = {}
        ruled = (EVENT_ID, EVENT_TIME)
        fillable = [name for name in self._types if name not in ruled and reader_of(self._types[name]) is not None]
        for source, target in self._table("rename").items():
            key = f"rename.{source}"
            if not isinstance(target, str):
                raise self._error(key, "must be the name of a field", f'Write `{source} = "field"`.')
            if target in ruled:
                raise self._error(key, f"{target} has a rule of its own", "Use [id] and [time] for it.")
            if target not in fillable:
                rule = f"the schema has no field {target} that can be filled from JSON"
                raise self._error(key, rule, f"Name one of: {', '.join(fillable)}.")
            if target in targets.values():
                raise self._error(key, f"{target} is given twice", "Rename one source field to it.")
            targets[source] = target
        return targets

    def _collect(self) -> dict[str, tuple[str, ...]]:
        collected: dict[str, tuple[str, ...]] = {}
        for target, patterns in self._table("collect").items():
            key = f"collect.{target}"
            if not _is_text_map(self._types.get(target)):
                maps = ", ".join(name for name in self._types if _is_text_map(self._types[name])) or "none"
                raise self._error(key, f"{target} is no map of text in the schema", f"There are: {maps}.")
            if target in self._table("rename").values():
                raise self._error(key, f"{target} is renamed to as well", "Give either, not both.")
            names = [patterns] if isinstance(patterns, str) else patterns
            collected[target] = self._names(key, names, f'Write `{target} = "name_*"`.')
        return collected

    def _names(self, key: str, names: Any, remedy: str) -> tuple[str, ...]:
        named = isinstance(names, list) and all(isinstance(name, str) and name for name in names)
        if not named or not names:
            raise self._error(key, "must be a list of names that is not empty", remedy)
        if len(set(names)) < len(names):
            raise self._error(key, "names a field twice", remedy)
        return tuple(names)


def _is_text_map(avro: Any) -> bool:
    return isinstance(avro, dict) and avro.get("type") == "map" and avro.get("values") == "string"
