"""The constraints that the API's model puts on a request, and AWS's words for breaking them.

The model is botocore's description of the service: required members, lengths, ranges, patterns and enums.
"""

import re
from collections.abc import Iterator, Mapping, Sized
from typing import Any, Protocol

from wavetank.emulator.kinesis.errors import Validation

MOST_REPORTED = 10


class Shape(Protocol):
    """The part of `botocore.model.Shape` that is read here."""

    type_name: str
    metadata: Mapping[str, Any]


def check(shape: Any, value: Mapping[str, Any], leave: str = "") -> None:
    """Raise Validation when `value` (a parsed request) breaks a constraint of its structure `shape`.

    The inside of the member called `leave` is not checked.
    """
    broken = list(_structure(shape, value, "", leave))
    if broken:
        raise Validation(in_words(broken))


def in_words(broken: list[str]) -> str:
    """AWS's message for a list of broken constraints."""
    plural = "" if len(broken) == 1 else "s"
    return f"{len(broken)} validation error{plural} detected: {'; '.join(broken[:MOST_REPORTED])}"


def constraint(value: Any, path: str, rule: str) -> str:
    """The text for a broken constraint; only plain values are quoted, as AWS does."""
    quoted = " null" if value is None else f" '{value}'"
    if isinstance(value, bytes | list | Mapping):
        quoted = ""
    return f"Value{quoted} at '{path}' failed to satisfy constraint: {rule}"


def _structure(shape: Any, value: Mapping[str, Any], path: str, leave: str = "") -> Iterator[str]:
    for name, member in shape.members.items():
        where = f"{path}{name[0].lower()}{name[1:]}"
        given = value.get(name)
        if given is not None and name == leave:
            yield from _own(member, given, where)
        elif given is not None:
            yield from _broken(member, given, where)
        elif name in shape.required_members:
            yield constraint(None, where, "Member must not be null")


def _broken(shape: Any, value: Any, path: str) -> Iterator[str]:
    yield from _own(shape, value, path)
    if shape.type_name == "structure":
        yield from _structure(shape, value, f"{path}.")
    elif shape.type_name == "list":
        for position, item in enumerate(value, 1):
            yield from _broken(shape.member, item, f"{path}.{position}.member")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from _own(shape.key, key, f"{path}.key")
            yield from _broken(shape.value, item, f"{path}.{key}.member")


def _own(shape: Shape, value: Any, path: str) -> Iterator[str]:
    rules = shape.metadata
    if (enum := rules.get("enum")) and value not in enum:
        yield constraint(value, path, f"Member must satisfy enum value set: [{', '.join(enum)}]")
    if isinstance(value, Sized):
        yield from _out_of_bounds(rules, len(value), "length", value=value, path=path)
    elif isinstance(value, int):
        yield from _out_of_bounds(rules, value, "value", value=value, path=path)
    if (pattern := rules.get("pattern")) and not re.fullmatch(pattern, str(value), re.ASCII):
        yield constraint(value, path, f"Member must satisfy regular expression pattern: {pattern}")


def _out_of_bounds(rules: Mapping[str, Any], measure: int, noun: str, *, value: Any, path: str) -> Iterator[str]:
    if measure < rules.get("min", measure):
        yield constraint(value, path, f"Member must have {noun} greater than or equal to {rules['min']}")
    if measure > rules.get("max", measure):
        yield constraint(value, path, f"Member must have {noun} less than or equal to {rules['max']}")
