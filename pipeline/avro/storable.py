"""Schemas and values that can be at rest: the ones that Parquet has a column for, which DuckDB and pyarrow read back.

The gate of the registry, the decoder, the partitioner and the writer of columns all ask here. Source: Avro
specification, "Logical Types"; Parquet format, "Logical Types". Times outside the years 1 to 9999 fail a whole query in
DuckDB and Spark, and times of day outside a day do, so that they are no values of their types here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import log10
from typing import Any

from wavetank.pipeline.avro import defaults
from wavetank.pipeline.avro.model import (
    ABSENT,
    Array,
    Field,
    Fixed,
    InvalidSchema,
    Map,
    Primitive,
    Record,
    Type,
    Union,
    title,
)
from wavetank.pipeline.avro.resolution import Problem

MOST_DIGITS = 38
"""Digits of a Parquet decimal that every reader takes; a decimal of more stays bytes."""

MOST_NESTED = 16
"""Levels of arrays and maps inside one another: each further one takes DuckDB twice as long to read, 1 s for 20."""

NULL = Primitive("null")
_SHOWN_BITS = 200
_DAY_S = 86_400
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
_NANO_SECONDS = 2**63 // 10**9


@dataclass(frozen=True, slots=True)
class Range:
    """The whole numbers of a logical type, both ends included; `rule` says of others what they are not."""

    low: int
    high: int
    rule: str

    @property
    def sure_bytes(self) -> int:
        """The bytes of a number in two's complement up to which every one is within, where the range is symmetric."""
        return self.high.bit_length() // 8


def _times(unit: str, per_second: int) -> Range:
    first, last = _FIRST_DAY * _DAY_S * per_second, (_LAST_DAY + 1) * _DAY_S * per_second - 1
    return Range(first, last, f"is no number of {unit} between the years 1 and 9999")


_RANGES = {
    "date": Range(_FIRST_DAY, _LAST_DAY, "is no number of days between the years 1 and 9999"),
    "time-millis": Range(0, _DAY_S * 1_000 - 1, "is no number of milliseconds within a day"),
    "time-micros": Range(0, _DAY_S * 1_000_000 - 1, "is no number of microseconds within a day"),
    "timestamp-millis": _times("milliseconds", 1_000),
    "timestamp-micros": _times("microseconds", 1_000_000),
    "timestamp-nanos": Range(
        -_NANO_SECONDS * 10**9, _NANO_SECONDS * 10**9, "is no number of nanoseconds between the years 1678 and 2262"
    ),
}
_RANGES |= {f"local-{name}": _RANGES[name] for name in ("timestamp-millis", "timestamp-micros", "timestamp-nanos")}


def range_of(avro: Type) -> Range | None:
    """The numbers that a type takes of those its bytes can hold: of a decimal the unscaled ones; None for all."""
    if not isinstance(avro, Primitive | Fixed) or avro.logical is None:
        return None
    logical = avro.logical
    if logical.name == "decimal" and logical.precision <= MOST_DIGITS:
        most = 10**logical.precision - 1
        return Range(-most, most, f"has more than the {logical.precision} digits of its decimal")
    return _RANGES.get(logical.name)


@lru_cache(1024)
def is_restricted(avro: Type) -> bool:
    """Whether a type that can be at rest has values that cannot, in itself or in what it is made of."""
    match avro:
        case Primitive() | Fixed():
            return range_of(avro) is not None
        case Union(branches):
            return any(map(is_restricted, branches))
        case Array(inner) | Map(inner):
            return is_restricted(inner)
        case Record():
            return any(is_restricted(field.type) for field in avro.fields)
    return False


def schema_misfits(avro: Record) -> Iterator[Problem]:
    """Everything in a schema that Parquet has no column for, with the way out; nothing where all of it can land."""
    for field in avro.fields:
        yield from _field_misfits(field, field.name, (avro,))


def _field_misfits(field: Field, path: str, inside: tuple[Record, ...]) -> Iterator[Problem]:
    misfits = list(_schema_misfits(field.type, path, inside))
    yield from misfits
    if misfits or field.default is ABSENT or not is_restricted(field.type):
        return
    try:
        value = defaults.value(field.default, field.type)
    except (InvalidSchema, RecursionError):
        # Another rule's breach: the default is none of its type (`pipeline.avro.defaults.problems`).
        return
    for misfit in value_misfits(value, field.type, path):
        yield Problem(misfit.field, f"the default {misfit.rule}; give it one that fits")


def _schema_misfits(avro: Type, path: str, inside: tuple[Record, ...]) -> Iterator[Problem]:
    match avro:
        case Union(branches):
            others = [branch for branch in branches if branch != NULL]
            if not branches:
                yield Problem(path, "a union of nothing has no value; give it a type")
            elif len(others) > 1:
                rule = f"a union of several types has no Parquet column: {title(avro)}; give each a field of its own"
                yield Problem(path, rule)
            else:
                for branch in others:
                    yield from _schema_misfits(branch, path, inside)
        case Array() | Map() if path.count("[]") + path.count("{}") == MOST_NESTED:
            rule = f"arrays and maps are nested more than {MOST_NESTED} deep; keep what is inside as JSON text"
            yield Problem(path, rule)
        case Array(inner):
            yield from _schema_misfits(inner, f"{path}[]", inside)
        case Map(inner):
            yield from _schema_misfits(inner, f"{path}{{}}", inside)
        case Record() if avro in inside:
            rule = f"{avro.name} contains itself, which Parquet has no column for; keep what is inside as JSON text"
            yield Problem(path, rule)
        case Record(fields=()):
            yield Problem(
                path, f"{avro.name} has no fields, which Parquet has no column for; give it one, or leave it out"
            )
        case Record():
            for field in avro.fields:
                yield from _field_misfits(field, f"{path}.{field.name}", (*inside, avro))


def value_misfits(value: Any, avro: Type, path: str = "") -> Iterator[Problem]:
    """Everything in a decoded value (times and unscaled decimals as on the wire) that its columns cannot take.

    The value is one of the type, and its schema has no misfits.
    """
    match avro:
        case Primitive() | Fixed():
            allowed = range_of(avro)
            if allowed is not None:
                number = int.from_bytes(value, signed=True) if isinstance(value, bytes) else value
                if not allowed.low <= number <= allowed.high:
                    yield Problem(path, f"{_shown(number)} {allowed.rule}")
        case Union(branches) if value is not None:
            for branch in branches:
                if branch != NULL:
                    yield from value_misfits(value, branch, path)
        case Array(inner):
            for number, item in enumerate(value):
                yield from value_misfits(item, inner, f"{path}[{number}]")
        case Map(inner):
            for key, item in value.items():
                yield from value_misfits(item, inner, f"{path}{{{key}}}")
        case Record():
            yield from field_misfits(value, avro.fields, path)


def field_misfits(values: Mapping[str, Any], fields: Iterable[Field], path: str = "") -> Iterator[Problem]:
    """As `value_misfits`, of some fields of a record."""
    for field in fields:
        yield from value_misfits(values[field.name], field.type, f"{path}.{field.name}" if path else field.name)


def _shown(number: int) -> str:
    """A number as it is, or how many digits it has about: text of a long one takes the square of its length."""
    if abs(number).bit_length() <= _SHOWN_BITS:
        return str(number)
    return f"a number of some {abs(number).bit_length() * log10(2):,.0f} digits"
