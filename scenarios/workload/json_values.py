"""Turns JSON values into values of a schema's types, without loss or not at all.

Values are those that `client.wire.encode_frame` takes: times are whole numbers in their unit, decimals, durations and
UUIDs of 16 bytes are bytes. A value of a union whose branch its Python type does not tell is a pair of the branch's
name and the value. Source: Avro specification, "Complex Types", "JSON Encoding", "Logical Types".
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from wavetank.pipeline.avro import defaults
from wavetank.pipeline.avro.limits import DEEPEST
from wavetank.pipeline.avro.model import (
    ABSENT,
    Array,
    Enum,
    Field,
    Fixed,
    InvalidSchema,
    Map,
    Primitive,
    Record,
    Type,
    Union,
    title,
    unqualified,
)
from wavetank.pipeline.avro.storable import range_of
from wavetank.scenarios.oracle.history import Value
from wavetank.scenarios.workload import json_scalars as scalars
from wavetank.scenarios.workload import json_times as times
from wavetank.scenarios.workload.json_paths import Steps, avro_name
from wavetank.scenarios.workload.json_scalars import Read, shown
from wavetank.scenarios.workload.json_shapes import NUMBERS, Kind, branch_name, holder, kinds_of, takes_null, told

MOST_FILLED = 1024 * 1024
"""Values that defaults give to one line: with as many no record of a stream, of 1 MiB, holds it."""


@dataclass(frozen=True, slots=True)
class _Branch:
    """A branch of a union; `is_told` where Python's type of a value tells it from the other branches."""

    type: Type
    read: Read
    kinds: frozenset[Kind]
    could_hold: Callable[[Mapping[str, Any]], bool]
    is_told: bool

    @property
    def name(self) -> str:
        return branch_name(self.type)

    def value(self, value: Value) -> Value:
        return value if self.is_told else (self.name, value)


class Readers:
    """Readers of the types of one schema, made once; they read one value at a time.

    `base` is the way to the value, set by the one who has it read; `way` after a ValueError that to the part at fault.
    `rest` collects what records have no field for: the way to it, and the value.
    """

    def __init__(self) -> None:
        self.base: Steps = ()
        self.rest: list[tuple[Steps, Any]] = []
        self._steps: list[str | int] = []
        self._filled = 0
        self._depth = 0
        self._records: dict[int, Read] = {}

    def begin(self) -> None:
        """Forget the line before."""
        self._steps.clear()
        self.rest.clear()
        self._filled = self._depth = 0

    @property
    def way(self) -> Steps:
        """The way to the part that is being read."""
        return (*self.base, *self._steps)

    def of(self, avro: Type) -> Read:
        """The reader of a type. It raises ValueError, and RecursionError for what is nested too deeply."""
        match avro:
            case Union():
                return self._union(avro)
            case Array(items):
                return self._array(self.of(items))
            case Map(values):
                # A map of text is where a source's odds and ends are kept: what is no text is kept as JSON text.
                return self._map(scalars.loose_text if values == Primitive("string") else self.of(values))
            case Record():
                return self._record(avro)
            case Enum():
                return scalars.symbol_reader(avro)
            case Primitive() | Fixed():
                return _scalar(avro)

    def _array(self, read_item: Read) -> Read:
        steps = self._steps

        def read(value: Any) -> Value:
            if not isinstance(value, list):
                raise ValueError(f"{shown(value)} is not an array")
            items = []
            steps.append(0)
            for number, item in enumerate(value):
                steps[-1] = number
                items.append(read_item(item))
            steps.pop()
            return items

        return read

    def _map(self, read_value: Read) -> Read:
        steps = self._steps

        def read(value: Any) -> Value:
            if not isinstance(value, dict):
                raise ValueError(f"{shown(value)} is not an object")
            entries = {}
            steps.append("")
            for key, item in value.items():
                steps[-1] = key
                entries[key] = read_value(item)
            steps.pop()
            return entries

        return read

    def _record(self, avro: Record) -> Read:
        """A record contains itself by way of a function that is there before its fields are."""
        if id(avro) in self._records:
            return self._records[id(avro)]
        steps, rest = self._steps, self.rest
        fields: dict[str, tuple[Read, bool]] = {}
        absent = {field.name: default_of(field) for field in avro.fields if field.default is not ABSENT}
        weights = {name: _weight(value) for name, value in absent.items()}

        def read(value: Any) -> Value:
            if not isinstance(value, dict):
                raise ValueError(f"{shown(value)} is not an object")
            self._depth += 1
            if self._depth > DEEPEST:
                raise ValueError(f"records are nested more than {DEEPEST} deep")
            record: dict[str, Value] = {}
            for name, item in value.items():
                target = name
                if name not in fields:
                    target = avro_name(name)
                    if target not in fields or target in value or target in record:
                        rest.append(((*self.base, *steps, name), item))
                        continue
                read_field, takes_null = fields[target]
                if item is not None or takes_null:
                    steps.append(name)
                    record[target] = read_field(item)
                    steps.pop()
            if len(record) < len(fields):
                for name in fields.keys() - record.keys():
                    if name not in absent:
                        steps.append(name)
                        raise ValueError(f"no value, and {avro.name} has no default for it")
                    record[name] = absent[name]
                    self._filled += weights[name]
                if self._filled > MOST_FILLED:
                    raise ValueError("the defaults of what is left out are more than a record holds")
            self._depth -= 1
            return record

        self._records[id(avro)] = read
        fields.update((field.name, (self.of(field.type), takes_null(field.type))) for field in avro.fields)
        return read

    def _union(self, avro: Union) -> Read:
        branches = [
            _Branch(branch, self.of(branch), frozenset(kinds_of(branch)), holder(branch), is_told)
            for branch, is_told in told(avro)
            if branch != Primitive("null")
        ]
        if not branches:
            return scalars.null
        is_nullable = takes_null(avro)
        if len(branches) == 1:
            return self._only(branches[0], is_nullable)
        read_one = self._several(branches, title(avro))
        return lambda value: None if value is None and is_nullable else read_one(value)

    def _only(self, branch: _Branch, is_nullable: bool) -> Read:
        """Reads a value as the only branch that is not null; in Avro's JSON encoding where it can be nothing else."""
        names, natural = _names([branch]), branch.read
        if not branch.is_told:
            natural = lambda value: branch.value(branch.read(value))  # noqa: E731

        def read(value: Any) -> Value:
            if value is None and is_nullable:
                return None
            if type(value) is dict and len(value) == 1 and not branch.could_hold(value):
                (name,) = value
                if name in names:
                    return self._tagged(branch, name, value)
            return natural(value)

        return read

    def _several(self, branches: Sequence[_Branch], named: str) -> Read:
        names = _names(branches)

        def read(value: Any) -> Value:
            kind = Kind.of(value)
            candidates = [branch for branch in branches if kind in branch.kinds]
            if kind is Kind.OBJECT:
                holding = [branch for branch in candidates if branch.could_hold(value)]
                tag = next(iter(value)) if len(value) == 1 else ""
                if tag in names and not holding:
                    return self._tagged(names[tag], tag, value)
                if tag in names and Kind.of(value[tag]) in names[tag].kinds:
                    raise ValueError(f"{shown(value)} may be {holding[0].name}, and {tag} in Avro's JSON encoding")
                candidates = holding or candidates
            elif len(candidates) > 1:
                fitting = list(_fitting(candidates, value))
                if len(fitting) == 1:
                    return fitting[0]
                candidates = [] if not fitting else candidates
            if len(candidates) == 1:
                return candidates[0].value(candidates[0].read(value))
            if not candidates:
                raise ValueError(f"{shown(value)} is none of {named}")
            listed = ", ".join(branch.name for branch in candidates)
            raise ValueError(f'{shown(value)} may be {listed}: write it as {{"{candidates[0].name}": …}}')

        return read

    def _tagged(self, branch: _Branch, name: str, value: Mapping[str, Any]) -> Value:
        self._steps.append(name)
        made = branch.value(branch.read(value[name]))
        self._steps.pop()
        return made


def default_of(field: Field) -> Value:
    """The default of a field, as its reader would give it. Raises InvalidSchema for one of another type."""
    defaults.value(field.default, field.type)
    return _default(field.default, field.type)


def _default(default: Any, avro: Type) -> Value:
    match avro:
        case Union():
            for branch, is_told in told(avro):
                with suppress(InvalidSchema):
                    defaults.value(default, branch)
                    inner = _default(default, branch)
                    return inner if is_told else (branch_name(branch), inner)
        case Array(items):
            return [_default(item, items) for item in default]
        case Map(values):
            return {key: _default(item, values) for key, item in default.items()}
        case Record():
            return {field.name: _default(default.get(field.name, field.default), field.type) for field in avro.fields}
    value: Value = defaults.value(default, avro)
    return value


def _scalar(avro: Primitive | Fixed) -> Read:
    logical, size = avro.logical, avro.size if isinstance(avro, Fixed) else None
    if logical is not None:
        match logical.name:
            case "decimal":
                return scalars.decimal_reader(logical, size)
            case "big-decimal":
                return scalars.big_decimal
            case "uuid":
                return scalars.uuid_bytes if size else scalars.uuid_text
            case "duration":
                return times.duration
        allowed = range_of(avro)
        if allowed is None:
            raise LookupError(f"the logical type {logical.name} has no range")
        return times.logical_time_reader(logical, allowed)
    return scalars.fixed_reader(avro) if isinstance(avro, Fixed) else _PRIMITIVES[avro.name]


_PRIMITIVES: dict[str, Read] = {
    "null": scalars.null,
    "boolean": scalars.boolean,
    "int": scalars.integer(32),
    "long": scalars.integer(64),
    "float": scalars.single,
    "double": scalars.double,
    "bytes": scalars.base64,
    "string": scalars.text,
}


def _fitting(candidates: Sequence[_Branch], value: Any) -> Iterator[Value]:
    """The values that a scalar may be: of plain numbers the first type that holds it exactly, else the last one."""
    numbers = [branch for branch in candidates if branch.name in NUMBERS and not _is_logical(branch.type)]
    rounded: list[Value] = []
    for branch in numbers:
        with suppress(ValueError):
            number = branch.read(value)
            if scalars.is_exact(value, number):
                yield branch.value(number)
                break
            rounded.append(branch.value(number))
    else:
        yield from rounded[-1:]
    for branch in candidates:
        if branch not in numbers:
            with suppress(ValueError):
                yield branch.value(branch.read(value))


def _is_logical(avro: Type) -> bool:
    return isinstance(avro, Primitive | Fixed) and avro.logical is not None


def _names(branches: Sequence[_Branch]) -> dict[str, _Branch]:
    """The branches by the names that tag them: the full one, and the short one that only one of them has."""
    short = [unqualified(branch.name) for branch in branches]
    names = {name: branch for name, branch in zip(short, branches, strict=True) if short.count(name) == 1}
    return names | {branch.name: branch for branch in branches}


def _weight(value: Value) -> int:
    """The least number of bytes that a value takes, more or less: one of a type without bytes counts as one."""
    match value:
        case str() | bytes():
            return 1 + len(value)
        case Mapping():
            return 1 + sum(map(_weight, value.values()))
        case list() | tuple():
            return 1 + sum(map(_weight, value))
    return 1
