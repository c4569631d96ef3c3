"""Rules that an event has to keep: `[[rules]]` of its component, checked on the event as it would go on.

A field is named by its name, or by the names of records on the way to it and its own, joined by points. A rule other
than `required` holds of a field that is null, and so do those of a field inside of a record that is.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from wavetank.pipeline.avro.model import Enum, Primitive, Record, Type, Union, title
from wavetank.pipeline.avro.python_values import is_decimal, shown
from wavetank.pipeline.avro.storable import NULL

HOUR_US = 3_600_000_000
PER_MICRO = {"timestamp-millis": (1_000, 1), "timestamp-micros": (1, 1), "timestamp-nanos": (1, 1_000)}
"""Times whose age can be told: microseconds are the number times the first by the second."""
WHOLE = ("int", "long")
FLOATING = ("float", "double")


class UnfitRule(ValueError):
    """A rule that does not fit the schema; the message names the field, the rule and the way out."""


@dataclass(frozen=True, slots=True)
class Check:
    """One demand of a rule: the way to the field, the demand in words, and whether a value meets it.

    `holds` is given the value, which is not null unless the demand is `required`, and when the event arrived.
    """

    path: tuple[str, ...]
    demand: str
    holds: Callable[[Any, int], bool]
    takes_null: bool = False


def breach(event: Mapping[str, Any], checks: Sequence[Check], arrived_us: int) -> str | None:
    """The first rule that an event breaks, with the value, in words; None where it keeps all of them.

    event: Python values (`pipeline.avro.python_values`).
    """
    for check in checks:
        value: Any = event
        for name in check.path:
            value = None if value is None else value[name]
        if (value is not None or check.takes_null) and not check.holds(value, arrived_us):
            return f"field {'.'.join(check.path)}: {check.demand}, got {shown(value)}"
    return None


def checks_of(rules: Sequence[Mapping[str, Any]], avro: Record) -> tuple[Check, ...]:
    """The checks of rules on events of a schema. Raises UnfitRule for the first that does not fit it."""
    return tuple(check for rule in rules for check in _checks(rule, avro))


def _checks(rule: Mapping[str, Any], avro: Record) -> Iterator[Check]:
    path = tuple(str(rule["field"]).split("."))
    field_type, nullable = _found(path, avro)
    for name, demanded in rule.items():
        if name == "field" or demanded is None or demanded is False:
            continue
        if name == "required":
            if not nullable:
                raise UnfitRule(f"field {rule['field']}: required, and its type is never null; leave the rule out")
            yield Check(path, "is required", lambda value, _: value is not None, takes_null=True)
            continue
        holds = _demand(name, demanded, field_type)
        if holds is None:
            raise UnfitRule(f"field {rule['field']}: {name} is no rule for {title(field_type)}; {_TAKERS[name]}")
        yield Check(path, f"{_WORDS[name]} {_text(demanded)}", holds)


_WORDS = {
    "minimum": "is at least",
    "maximum": "is at most",
    "pattern": "matches",
    "allowed": "is one of",
    "max_age_hours": "is at arrival no older in hours than",
}
_TAKERS = {
    "minimum": "it is one for numbers, dates and times",
    "maximum": "it is one for numbers, dates and times",
    "pattern": "it is one for strings and enums",
    "allowed": "it lists values of the field's type: strings for strings and enums, whole numbers, or booleans",
    "max_age_hours": "it is one for timestamps",
}


def _found(path: tuple[str, ...], avro: Record) -> tuple[Type, bool]:
    """The type of a field without null, and whether null is among its values."""
    found: Type = avro
    nullable = False
    for depth, name in enumerate(path):
        if not isinstance(found, Record):
            above = ".".join(path[:depth])
            raise UnfitRule(f"field {'.'.join(path)}: {above} is {title(found)}, and a path leads through records")
        types = {field.name: field.type for field in found.fields}
        if name not in types:
            nearest = get_close_matches(name, types, 1)
            hint = f"did you mean {nearest[0]}?" if nearest else f"there are: {', '.join(types)}"
            raise UnfitRule(f"field {'.'.join(path[: depth + 1])}: is no field of the newest processed schema; {hint}")
        found = types[name]
        if isinstance(found, Union):
            nullable = nullable or NULL in found.branches
            found = next((branch for branch in found.branches if branch != NULL), NULL)
    return found, nullable


def _demand(name: str, demanded: Any, avro: Type) -> Callable[[Any, int], bool] | None:
    """Whether a value meets the demand; None where values of the type cannot."""
    is_number = is_decimal(avro) or (isinstance(avro, Primitive) and avro.name in (*WHOLE, *FLOATING))
    is_text = isinstance(avro, Enum) or (isinstance(avro, Primitive) and avro.name == "string")
    match name:
        case "minimum" | "maximum" if is_number:
            # 0.1 of a decimal is a tenth, and not the double that is nearest to it.
            bound = Decimal(repr(demanded)) if is_decimal(avro) else demanded
            return (
                (lambda value, _: bool(value >= bound))
                if name == "minimum"
                else (lambda value, _: bool(value <= bound))
            )
        case "pattern" if is_text:
            matches = re.compile(demanded).fullmatch
            return lambda value, _: matches(value) is not None
        case "allowed" if _are_of(demanded, avro, is_text=is_text):
            values = frozenset(demanded)
            return lambda value, _: value in values
        case "max_age_hours" if isinstance(avro, Primitive) and avro.logical and avro.logical.name in PER_MICRO:
            times, by = PER_MICRO[avro.logical.name]
            bound_us = demanded * HOUR_US
            return lambda value, arrived_us: arrived_us - value * times // by <= bound_us
    return None


def _are_of(values: Sequence[object], avro: Type, *, is_text: bool) -> bool:
    """Whether values can be those of the type: true is no 1 here, and a symbol is one of the enum's."""
    if isinstance(avro, Enum):
        return all(value in avro.symbols for value in values)
    if is_text:
        return all(isinstance(value, str) for value in values)
    wanted = bool if isinstance(avro, Primitive) and avro.name == "boolean" else int
    is_whole = isinstance(avro, Primitive) and (avro.name in WHOLE or is_decimal(avro))
    return (wanted is bool or is_whole) and all(type(value) is wanted for value in values)


def _text(demanded: object) -> str:
    if isinstance(demanded, str):
        return demanded
    return ", ".join(map(str, demanded)) if isinstance(demanded, list | tuple) else str(demanded)
