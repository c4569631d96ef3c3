"""Checks a request against the constraints of the service's own API model, as AWS's front end does.

Pure: it walks the shapes that the caller hands in. Patterns with Unicode classes are left out (Python has none).
Source: the `min`, `max`, `pattern`, `enum` and `required` traits of the service model, and the texts of AWS's
ValidationException.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol


class Shape(Protocol):
    """What is read of a botocore shape; structures have `members`, lists a `member`."""

    @property
    def type_name(self) -> str:
        """`structure`, `list`, `string`, …"""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The constraints."""


def violations(shape: Shape, value: object, path: str = "", *, patterns: bool = True) -> list[str]:
    """AWS's text for every broken constraint of `value`, with or without patterns; empty when there is none."""
    return list(_violations(shape, value, path, patterns=patterns))


def message(found: Sequence[str]) -> str:
    """The text of the ValidationException for these violations."""
    noun = "error" if len(found) == 1 else "errors"
    return f"{len(found)} validation {noun} detected: {'; '.join(found)}"


def _violations(shape: Any, value: object, path: str, *, patterns: bool) -> Iterator[str]:
    match shape.type_name:
        case "structure" if isinstance(value, Mapping):
            yield from _of_structure(shape, value, path, patterns=patterns)
        case "list" if isinstance(value, Sequence):
            yield from _of_length(shape, len(value), value, path)
            for number, item in enumerate(value, start=1):
                yield from _violations(shape.member, item, f"{path}.{number}.member", patterns=patterns)
        case "string" if isinstance(value, str):
            yield from _of_length(shape, len(value), value, path)
            yield from _of_text(shape, value, path, patterns=patterns)
        case "blob" if isinstance(value, bytes):
            yield from _of_length(shape, len(value), "java.nio.HeapByteBuffer", path)
        case "integer" | "long" if isinstance(value, int):
            yield from _of_number(shape, value, path)
        case _:
            return


def _of_structure(shape: Any, value: Mapping[str, object], path: str, *, patterns: bool) -> Iterator[str]:
    for name, member in shape.members.items():
        inner = f"{path}.{name[0].lower()}{name[1:]}".lstrip(".")
        if value.get(name) is not None:
            yield from _violations(member, value[name], inner, patterns=patterns)
        elif name in shape.metadata.get("required", ()):
            yield f"Value null at '{inner}' failed to satisfy constraint: Member must not be null"


def _broken(value: object, path: str, rule: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: Member must {rule}"


def _of_length(shape: Shape, length: int, value: object, path: str) -> Iterator[str]:
    if length < shape.metadata.get("min", 0):
        yield _broken(value, path, f"have length greater than or equal to {shape.metadata['min']}")
    if length > shape.metadata.get("max", length):
        yield _broken(value, path, f"have length less than or equal to {shape.metadata['max']}")


def _of_number(shape: Shape, value: int, path: str) -> Iterator[str]:
    if value < shape.metadata.get("min", value):
        yield _broken(value, path, f"have value greater than or equal to {shape.metadata['min']}")
    if value > shape.metadata.get("max", value):
        yield _broken(value, path, f"have value less than or equal to {shape.metadata['max']}")


def _of_text(shape: Shape, value: str, path: str, *, patterns: bool) -> Iterator[str]:
    pattern = shape.metadata.get("pattern", "") if patterns else ""
    if pattern and "\\p{" not in pattern and not re.fullmatch(pattern, value, re.DOTALL):
        yield _broken(value, path, f"satisfy regular expression pattern: {pattern}")
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield _broken(value, path, f"satisfy enum value set: [{', '.join(allowed)}]")
