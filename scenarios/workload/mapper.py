"""Applies a mapping: a JSON object in, an event or the reason why there is none out. Pure.

Where a source field goes, the first that holds: the id and time rules, `rename`, `collect`, the schema's
field of the same name, the schema's field of the same name in Avro's letters (`user-id` → `user_id`), the map
`attributes` as JSON text, or, in a schema without that map, nowhere, which is counted.
"""

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME, Value
from wavetank.scenarios.workload.json_values import Read, loose_text, shown, text
from wavetank.scenarios.workload.mapping_file import ATTRIBUTES, EventMapping
from wavetank.scenarios.workload.ndjson import Json, Line, json_text, parse
from wavetank.scenarios.workload.rejects import Rejection, RejectReason
from wavetank.scenarios.workload.synthetic import WorkloadEvent

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_]")
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
    """A field of the schema; not `exact` where the source's name was made to fit."""

    name: str
    read: Read
    exact: bool = True


@dataclass(frozen=True, slots=True)
class _Collector:
    """A map field of the schema; the source's name becomes the key in it."""

    name: str


_Place = _Column | _Collector | _Elsewhere


@dataclass
class Mapper:
    """A mapping at work. `unmapped` counts, by source name, values that the schema has no place for."""

    mapping: EventMapping
    unmapped: Counter[str] = field(default_factory=Counter)
    _places: dict[str, _Place] = field(default_factory=dict, repr=False)

    def event_of(self, line: Line) -> WorkloadEvent | Rejection:
        """The event of a line that is not blank."""
        source = line.problem or parse(line.data)
        return source if isinstance(source, Rejection) else self.event(source)

    def event(self, source: Json) -> WorkloadEvent | Rejection:
        """The event of one object; the same object gives the same event."""
        event_id = self._id(source)
        if isinstance(event_id, Rejection):
            return event_id
        rule = self.mapping.time
        value = source.get(rule.name)
        if value is None or value == "":
            return Rejection(RejectReason.MISSING_TIME, f"{rule.name}: no value")
        try:
            moment = rule.read(value)
        except (ValueError, OverflowError) as error:
            return Rejection(RejectReason.BAD_TIME, f"{rule.name}: {shown(value)}: {error}")
        record = self._fields(source)
        if isinstance(record, Rejection):
            return record
        return WorkloadEvent(self.mapping.event_type, {EVENT_ID: event_id, EVENT_TIME: moment, **record})

    def _fields(self, source: Json) -> dict[str, Value] | Rejection:
        record: dict[str, Value] = {}
        maps: dict[str, dict[str, Value]] = {}
        for name, value in source.items():
            match self._place(name):
                case _Column(target, read, exact) if exact or not (target in source or target in record):
                    try:
                        if value is not None:
                            record[target] = read(value)
                    except (ValueError, OverflowError) as error:
                        return Rejection(RejectReason.BAD_TYPE, f"{name}: {error}")
                case _Collector(target):
                    maps.setdefault(target, {})[name] = loose_text(value)
                case _Elsewhere.CONSUMED:
                    pass
                case _ if self.mapping.keeps_the_rest:
                    maps.setdefault(ATTRIBUTES, {})[name] = json_text(value)
                case _:
                    is_counted_alone = name in self.unmapped or (
                        len(self.unmapped) < _REMEMBERED_NAMES and len(name) <= _LONGEST_REMEMBERED
                    )
                    self.unmapped[name if is_counted_alone else OTHER_NAMES] += 1
        return {**record, **maps}

    def _place(self, name: str) -> _Place:
        place = self._places.get(name)
        if place is not None:
            return place
        mapping = self.mapping
        if name in mapping.rename:
            place = self._column(mapping.rename[name])
        elif name == mapping.time.name or (not mapping.id.hashed and name in mapping.id.fields):
            place = _Elsewhere.CONSUMED
        elif collector := mapping.collector_of(name):
            place = _Collector(collector)
        elif self._is_free(name):
            place = self._column(name)
        elif self._is_free(fitted := avro_name(name)):
            place = self._column(fitted, exact=False)
        else:
            place = _Elsewhere.REST
        if len(self._places) >= _REMEMBERED_NAMES:
            self._places.clear()
        if len(name) <= _LONGEST_REMEMBERED:
            self._places[name] = place
        return place

    def _is_free(self, target: str) -> bool:
        """Whether the schema has a column `target` that JSON can fill, and no rule gives it to another."""
        taken = {EVENT_ID, EVENT_TIME, ATTRIBUTES, *self.mapping.rename.values(), *self.mapping.collect}
        return target not in taken and self.mapping.reader(target) is not None

    def _column(self, target: str, exact: bool = True) -> _Column:
        read = self.mapping.reader(target)
        if read is None:
            raise LookupError(f"the mapping was not checked: no field {target}")
        return _Column(target, read, exact)

    def _id(self, source: Json) -> str | Rejection:
        rule = self.mapping.id
        for name in rule.fields:
            if source.get(name) is None or source[name] == "":
                return Rejection(RejectReason.MISSING_ID, f"{name}: no value, and the id is made from it")
        if rule.hashed:
            return content_hash(source, rule.fields)
        try:
            return text(source[rule.fields[0]])
        except ValueError as error:
            return Rejection(RejectReason.BAD_ID, f"{rule.fields[0]}: {error}")


def content_hash(source: Json, fields: tuple[str, ...] = ()) -> str:
    """An id from content: SHA-256 over the JSON text of the pairs of name and value, cut to 32 hex digits.

    `fields` in their order, or all fields in the order of their names, so that the order on the line is
    irrelevant.
    """
    pairs: list[Any] = [[name, source[name]] for name in fields or sorted(source)]
    return hashlib.sha256(json_text(pairs).encode()).hexdigest()[:_ID_HEX_DIGITS]


def avro_name(name: str) -> str:
    """`name` in the letters of Avro's names: others become `_`, and so is what goes before a first digit."""
    fitted = _NOT_IN_NAMES.sub("_", name)
    return f"_{fitted}" if fitted[:1].isdigit() else fitted
