"""Paths into JSON, such as `user.address.city` and `items[0].id`: names behind points, and places in arrays from 0.

A name that has a point or a bracket itself wins over the path of the same text, at each level.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from wavetank.scenarios.workload.ndjson import json_text
from wavetank.scenarios.workload.rows import Json

Steps = tuple[str | int, ...]
"""The way to a part of a value: names of objects, places in arrays."""

_PATH = re.compile(r"[^.\[\]]+(?:\[[0-9]{1,9}\])*(?:\.[^.\[\]]+(?:\[[0-9]{1,9}\])*)*")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[([0-9]+)\]")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_]")
_PLAIN_NAME = re.compile(r"[^.\[\]\"\s]+")


class Nothing(Enum):
    """Says that nothing is left: null is something."""

    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A path; a text that is none is the name of a field, as each text is that a field is called by."""

    text: str
    steps: Steps = field(repr=False)
    _tails: tuple[str, ...] = field(repr=False)

    @classmethod
    def of(cls, text: str) -> "JsonPath":
        """The path of a text."""
        if not _PATH.fullmatch(text):
            return cls(text, (text,), (text,))
        matches = list(_STEP.finditer(text))
        steps = tuple(match[1] if match[2] is None else int(match[2]) for match in matches)
        return cls(text, steps, tuple(text[match.start() :].removeprefix(".") for match in matches))

    def find(self, source: Json) -> tuple[Any, Steps]:
        """The value at the path and the way to it; None and no step where there is no value or null."""
        value: Any = source
        for number, (step, tail) in enumerate(zip(self.steps, self._tails, strict=True)):
            if isinstance(value, dict):
                if tail in value:
                    return value[tail], (*self.steps[:number], tail)
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return None, ()
        return (None, ()) if value is None else (value, self.steps)


def path_text(steps: Iterable[str | int], numbered: bool = True) -> str:
    """A path for people; not `numbered`, all places in an array are one: `items[].id`."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]" if numbered else "[]"
        else:
            name = step if not text or _PLAIN_NAME.fullmatch(step) else json_text(step)
            text += f".{name}" if text else name
    return text


def without(value: Any, ways: Sequence[Steps]) -> Any:
    """A value without what `ways` lead to, NOTHING where none is left; an array stays whole until all is gone."""
    if not ways:
        return value
    if () in ways:
        return Nothing.NOTHING
    inside: dict[str | int, list[Steps]] = {}
    for way in ways:
        inside.setdefault(way[0], []).append(way[1:])
    if isinstance(value, dict):
        parts = {name: without(item, inside.get(name, ())) for name, item in value.items()}
        return {name: part for name, part in parts.items() if part is not Nothing.NOTHING} or Nothing.NOTHING
    if isinstance(value, list):
        gone = (without(item, inside.get(number, ())) is Nothing.NOTHING for number, item in enumerate(value))
        return Nothing.NOTHING if all(gone) else value
    return value


def avro_name(name: str) -> str:
    """`name` in the letters of Avro's names: others become `_`, and so is what goes before a first digit."""
    fitted = _NOT_IN_NAMES.sub("_", name)
    return f"_{fitted}" if fitted[:1].isdigit() else fitted
