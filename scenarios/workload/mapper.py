"""Applies a mapping: a JSON object in, an event or the reason why there is none out. Pure.

Where a source field goes, the first that holds: the id and time rules, `rename`, `collect`, the schema's
field of the same name, the schema's field of the same name in Avro's letters (`user-id` → `user_id`), the map
`attributes` as JSON text, or, in a schema without that map, nowhere, which is counted. What a record has no field for
goes the last two ways under its path, and what a path leads into, less what was taken from it.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from wavetank.pipeline.avro.model import ABSENT
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME, Value
from wavetank.scenarios.workload.json_paths import JsonPath, Nothing, Steps, avro_name, path_text, without
from wavetank.scenarios.workload.json_scalars import Read, loose_text, shown, text
from wavetank.scenarios.workload.json_shapes import takes_null
from wavetank.scenarios.workload.json_values import Readers, default_of
from wavetank.scenarios.workload.mapping_file import ATTRIBUTES, EventMapping
from wavetank.scenarios.workload.ndjson import json_text, parse
from wavetank.scenarios.workload.rejects import Rejection, RejectReason
from wavetank.scenarios.workload.rows import Json, Row
from wavetank.scenarios.workload.synthetic import WorkloadEvent

_ID_HEX_DIGITS = 32
_REMEMBERED_NAMES = 10_000
"""Names remembered with their places; a source whose names are ids must not fill the memory …"""
_LONGEST_REMEMBERED = 256
"""… nor one whose names are as long as lines."""

OTHER_NAMES = "(other names)"


class _Elsewhere(Enum):
    """The place of a field that has no column of its own."""

    CONSUMED = "the id or time rule took it"
    REST = "attributes, or nowhere"


@dataclass(frozen=True, slots=True)
class _Column:
    """A field of the schema; not `exact` where the source's name was made to fit.

    `null`: JSON's null is written, since the field would have another value if it were left out.
    """

    name: str
    read: Read
    null: bool
    exact: bool = True


@dataclass(frozen=True, slots=True)
class _Part:
    """A field in a record of the schema: the way to it."""

    target: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Collector:
    """A map field of the schema; the source's name becomes the key in it."""

    name: str


_Place = _Column | _Part | _Collector | _Elsewhere


class _Refusal(Exception):
    """The line is no event; `rejection` says why."""

    def __init__(self, reason: RejectReason, message: str) -> None:
        super().__init__(message)
        self.rejection = Rejection(reason, message)


@dataclass
class Mapper:
    """A mapping at work. `unmapped` counts, by source name or path, values that the schema has no place for."""

    mapping: EventMapping
    unmapped: Counter[str] = field(default_factory=Counter)
    _places: dict[str, _Place] = field(default_factory=dict, repr=False)
    _columns: dict[str, _Column] = field(default_factory=dict, repr=False)
    _readers: Readers = field(default_factory=Readers, repr=False)
    _filled: dict[str, Value] = field(default_factory=dict, repr=False)
    _paths: dict[str, JsonPath] = field(default_factory=dict, repr=False)
    _keeps_the_rest: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        mapping = self.mapping
        self._keeps_the_rest = mapping.keeps_the_rest
        for column in mapping.schema.fields:
            default = ABSENT if column.default is ABSENT else default_of(column)
            null = takes_null(column.type) and default is not None
            self._columns[column.name] = _Column(column.name, self._readers.of(column.type), null)
            if default is not ABSENT and default != column.default:
                # As JSON has it the encoder does not take it: bytes, or a branch that has to be named.
                self._filled[column.name] = default
        for named in (*mapping.rename, *mapping.id.fields, mapping.time.name):
            path = JsonPath.of(named)
            if len(path.steps) > 1:
                self._paths[named] = path

    def event_of(self, row: Row) -> WorkloadEvent | Rejection:
        """The event of a row that is not blank."""
        source = row.problem or (parse(row.data) if row.document is None else row.document)
        return source if isinstance(source, Rejection) else self.event(source)

    def event(self, source: Json) -> WorkloadEvent | Rejection:
        """The event of one object; the same object gives the same event."""
        taken: list[Steps] = []
        self._readers.begin()
        try:
            event_id = self._id(source, taken)
            record = {EVENT_ID: event_id, EVENT_TIME: self._time(source, taken), **self._fields(source, taken)}
        except _Refusal as refusal:
            return refusal.rejection
        except RecursionError:
            return Rejection(RejectReason.NOT_JSON, "nested too deeply")
        return WorkloadEvent(self.mapping.event_type, record)

    def _value(self, source: Json, named: str, taken: list[Steps]) -> Any:
        """The value of a field or at a path; the way to it is added to `taken` where it leads into a field."""
        path = self._paths.get(named)
        if path is None:
            return source.get(named)
        value, steps = path.find(source)
        if len(steps) > 1:
            taken.append(steps)
        return value

    def _time(self, source: Json, taken: list[Steps]) -> Value:
        rule = self.mapping.time
        value = self._value(source, rule.name, taken)
        if value is None or value == "":
            raise _Refusal(RejectReason.MISSING_TIME, f"{rule.name}: no value")
        try:
            return rule.read(value)
        except (ValueError, OverflowError) as error:
            raise _Refusal(RejectReason.BAD_TIME, f"{rule.name}: {shown(value)}: {error}") from error

    def _fields(self, source: Json, taken: list[Steps]) -> dict[str, Value]:
        record: dict[str, Value] = {}
        maps: dict[str, dict[str, Value]] = {}
        parts = _Parts()
        readers, places = self._readers, self._places
        try:
            if self._paths:
                self._take(source, record, parts, taken)
            for name, value in source.items():
                match places.get(name) or self._place(name):
                    case _Column(target, read, null, exact) if exact or not (target in source or target in record):
                        if value is not None or null:
                            readers.base = (name,)
                            record[target] = read(value)
                    case _Part(target):
                        parts.add(target, value, (name,))
                    case _Collector(target):
                        maps.setdefault(target, {})[name] = loose_text(value)
                    case _Elsewhere.CONSUMED:
                        pass
                    case _:
                        readers.rest.append(((name,), value))
        except (ValueError, OverflowError) as error:
            raise _Refusal(RejectReason.BAD_TYPE, f"{path_text(readers.way)}: {error}") from error
        if parts.whole:
            self._put_together(parts, record)
        if readers.rest:
            self._keep(taken, source, maps)
        return {**self._filled, **record, **maps}

    def _take(self, source: Json, record: dict[str, Value], parts: "_Parts", taken: list[Steps]) -> None:
        """Read what the paths of `rename` lead to."""
        for named, target in self.mapping.rename.items():
            path = self._paths.get(named)
            value, steps = path.find(source) if path is not None else (None, ())
            if len(steps) < 2:
                # No path, or the name of a field, or nothing there.
                continue
            taken.append(steps)
            if "." in target:
                parts.add(tuple(target.split(".")), value, steps)
            else:
                self._readers.base = steps
                record[target] = self._columns[target].read(value)

    def _put_together(self, parts: "_Parts", record: dict[str, Value]) -> None:
        """Read the records that were put together, as if each had been in the source; paths are those of the parts."""
        readers, known = self._readers, len(self._readers.rest)
        for target, value in parts.whole.items():
            readers.base = (target,)
            try:
                record[target] = self._columns[target].read(value)
            except (ValueError, OverflowError) as error:
                way = parts.origin(readers.way)
                raise _Refusal(RejectReason.BAD_TYPE, f"{path_text(way)}: {error}") from error
        readers.rest[known:] = [(parts.origin(way), item) for way, item in readers.rest[known:]]

    def _keep(self, taken: Sequence[Steps], source: Json, maps: dict[str, dict[str, Value]]) -> None:
        """Keep what has no column in `attributes`, as JSON text, or count it; but for what was taken from it."""
        for steps, value in self._readers.rest:
            if taken:
                depth = len(steps)
                value = without(value, [way[depth:] for way in taken if way[:depth] == steps])
                if value is Nothing.NOTHING:
                    continue
            if self._keeps_the_rest:
                name = path_text(steps)
                while len(steps) > 1 and (name in source or name in maps.get(ATTRIBUTES, ())):
                    name = f".{name}"
                maps.setdefault(ATTRIBUTES, {})[name] = json_text(value)
                continue
            name = path_text(steps, numbered=False)
            is_counted_alone = name in self.unmapped or (
                len(self.unmapped) < _REMEMBERED_NAMES and len(name) <= _LONGEST_REMEMBERED
            )
            self.unmapped[name if is_counted_alone else OTHER_NAMES] += 1

    def _place(self, name: str) -> _Place:
        place = self._places.get(name)
        if place is not None:
            return place
        mapping = self.mapping
        if name in mapping.rename:
            target = mapping.rename[name]
            place = _Part(tuple(target.split("."))) if "." in target else self._columns[target]
        elif name == mapping.time.name or (not mapping.id.hashed and name in mapping.id.fields):
            place = _Elsewhere.CONSUMED
        elif collector := mapping.collector_of(name):
            place = _Collector(collector)
        elif self._is_free(name):
            place = self._columns[name]
        elif self._is_free(fitted := avro_name(name)):
            place = replace(self._columns[fitted], exact=False)
        else:
            place = _Elsewhere.REST
        if len(self._places) >= _REMEMBERED_NAMES:
            self._places.clear()
        if len(name) <= _LONGEST_REMEMBERED:
            self._places[name] = place
        return place

    def _is_free(self, target: str) -> bool:
        """Whether the schema has a column `target`, and no rule gives it to another."""
        mapping = self.mapping
        if target not in self._columns or target in (EVENT_ID, EVENT_TIME) or target in mapping.collect:
            return False
        if target == ATTRIBUTES and self._keeps_the_rest:
            return False
        return all(target != renamed.partition(".")[0] for renamed in mapping.rename.values())

    def _id(self, source: Json, taken: list[Steps]) -> str:
        rule = self.mapping.id
        # What a hash is made from is kept as fields.
        values = [self._value(source, name, [] if rule.hashed else taken) for name in rule.fields]
        for name, value in zip(rule.fields, values, strict=True):
            if value is None or value == "":
                raise _Refusal(RejectReason.MISSING_ID, f"{name}: no value, and the id is made from it")
        if not rule.hashed:
            try:
                return text(values[0])
            except ValueError as error:
                raise _Refusal(RejectReason.BAD_ID, f"{rule.fields[0]}: {error}") from error
        return hash_of_pairs(zip(rule.fields, values, strict=True)) if rule.fields else content_hash(source)


class _Parts:
    """Records that are put together from several fields of the source."""

    def __init__(self) -> None:
        self.whole: dict[str, Any] = {}
        self._origins: dict[Steps, Steps] = {}

    def add(self, target: tuple[str, ...], value: Any, steps: Steps) -> None:
        """Put the value from `steps` of the source at `target`; null is left out."""
        if value is None:
            return
        inner = self.whole
        for name in target[:-1]:
            inner = inner.setdefault(name, {})
        inner[target[-1]] = value
        self._origins[target] = steps

    def origin(self, way: Steps) -> Steps:
        """The way in the source to the part at `way`; the same way for a part that comes from no field."""
        for depth in range(len(way), 1, -1):
            if way[:depth] in self._origins:
                return (*self._origins[way[:depth]], *way[depth:])
        return way


def content_hash(source: Json, fields: Sequence[str] = ()) -> str:
    """An id from content: SHA-256 over the JSON text of the pairs of name and value, cut to 32 hex digits.

    `fields` in their order, or all fields in the order of their names, so that the order on the line is
    irrelevant.
    """
    return hash_of_pairs((name, source[name]) for name in fields or sorted(source))


def hash_of_pairs(pairs: Iterable[tuple[str, Any]]) -> str:
    """An id from pairs of a name or path and its value, in their order."""
    listed: list[Any] = [[name, value] for name, value in pairs]
    return hashlib.sha256(json_text(listed).encode()).hexdigest()[:_ID_HEX_DIGITS]
