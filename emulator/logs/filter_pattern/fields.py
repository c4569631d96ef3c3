"""Patterns on the fields of events that are JSON: `{ $.level = "ERROR" && $.latency > 100 }`."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from wavetank.emulator.logs.filter_pattern.comparison import Comparison, Scalar, WithText, is_scalar
from wavetank.emulator.logs.filter_pattern.event import Event
from wavetank.emulator.logs.filter_pattern.tokens import InvalidPattern, Kind, Tokens, comparison, disjunction

STEP = re.compile(
    r"""\[(?:(?P<index>\d+)|(?P<every>\*)|'(?P<name>[^']*)'|"(?P<quoted>[^"]*)")\]
    | \.(?P<plain>[\w*-]+)""",
    re.VERBOSE,
)
WORD = re.compile(r"[A-Za-z][\w.-]{3,}", re.ASCII)
EVERY = "*"
"""Each entry of a list, or each field of an object."""
MOST_EVERY = 3
"""Steps to every entry in one selector."""

type Step = str | int


class _Absent:
    """Nothing: what is at a selector that leads nowhere."""


ABSENT = _Absent()


@dataclass(frozen=True, slots=True)
class Selector:
    """The way to a value: names of fields and indexes of entries from the event on."""

    text: str
    steps: Sequence[Step]
    is_single: bool

    def values(self, fields: Mapping[str, Any]) -> Iterable[Any]:
        """The values that are there: at most one where the selector has no `*`."""
        if not self.is_single:
            return _walk(fields, self.steps)
        value = self.value(fields)
        return () if value is ABSENT else (value,)

    def value(self, fields: Mapping[str, Any]) -> Any:
        """The value of a selector that has no `*`; ABSENT where there is none."""
        value: Any = fields
        for step in self.steps:
            if isinstance(value, list if isinstance(step, int) else dict):
                container: Any = value
                try:
                    value = container[step]
                except LookupError:
                    return ABSENT
            else:
                return ABSENT
        return value


@lru_cache(maxsize=4096)
def selector_of(text: str) -> Selector:
    """The selector that a text such as `$.users[0].id` is. Raises InvalidPattern for any other text."""
    steps: list[Step] = []
    position = 1
    while position < len(text):
        match = STEP.match(text, position + (text[position : position + 2] == ".["))
        if match is None:
            break
        index, plain = match["index"], match["plain"]
        if index is not None:
            steps.append(int(index))
        elif match["every"] or plain == EVERY:
            steps.append(EVERY)
        else:
            steps.append(next(name for name in (plain, match["name"], match["quoted"]) if name is not None))
        position = match.end()
    if not text.startswith("$") or position < len(text) or not steps or steps.count(EVERY) > MOST_EVERY:
        raise InvalidPattern(f"Invalid property selector '{text}'")
    return Selector(text, tuple(steps), EVERY not in steps)


def _walk(value: Any, steps: Sequence[Step]) -> Iterator[Any]:
    """The values at the end of all ways that the steps lead."""
    if not steps:
        yield value
    elif steps[0] == EVERY:
        for entry in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from _walk(entry, steps[1:])
    elif (entry := Selector("", steps[:1], is_single=True).value(value)) is not ABSENT:
        yield from _walk(entry, steps[1:])


class Condition(Protocol):
    """A condition on the fields of an event."""

    def holds(self, fields: Mapping[str, Any]) -> bool:
        """Whether it is true."""


@dataclass(frozen=True)
class Compared:
    """A text or number at the selector compares; a list, an object and what is not there never do."""

    selector: Selector
    comparison: Comparison

    def holds(self, fields: Mapping[str, Any]) -> bool:
        """Whether the comparison is true for any of the values."""
        if self.selector.is_single:
            value = self.selector.value(fields)
            return is_scalar(value) and self.comparison.holds(value)
        return any(is_scalar(value) and self.comparison.holds(value) for value in self.selector.values(fields))


@dataclass(frozen=True)
class Is:
    """The value at the selector is null, true or false."""

    selector: Selector
    constant: bool | None

    def holds(self, fields: Mapping[str, Any]) -> bool:
        """Whether any of the values is the constant."""
        return any(value is self.constant for value in self.selector.values(fields))


@dataclass(frozen=True)
class Missing:
    """There is nothing at the selector."""

    selector: Selector

    def holds(self, fields: Mapping[str, Any]) -> bool:
        """Whether there is no value."""
        return not any(True for _ in self.selector.values(fields))


@dataclass(frozen=True)
class AllOf:
    """All of some conditions."""

    conditions: Sequence[Condition]

    def holds(self, fields: Mapping[str, Any]) -> bool:
        """Whether each is true."""
        return all(condition.holds(fields) for condition in self.conditions)


@dataclass(frozen=True)
class OneOf:
    """One of some conditions."""

    conditions: Sequence[Condition]

    def holds(self, fields: Mapping[str, Any]) -> bool:
        """Whether one is true."""
        return any(condition.holds(fields) for condition in self.conditions)


CONSTANTS = {"NULL": None, "TRUE": True, "FALSE": False}


@dataclass(frozen=True)
class FieldPattern:
    """A condition on events that are JSON objects; no other event matches."""

    condition: Condition
    selectors: Sequence[str]
    has_expressions: bool
    words: Sequence[str]
    """Words that every event has in it that matches, so that most need not be read as JSON."""

    def matches(self, event: Event) -> bool:
        """Whether the event is such an object and the condition holds."""
        # A backslash may write a character otherwise.
        if "\\" not in event.message and any(word not in event.message for word in self.words):
            return False
        fields = event.fields
        return fields is not None and self.condition.holds(fields)

    def takes(self, reference: str) -> bool:
        """Whether a text refers to a field."""
        try:
            return selector_of(reference).is_single
        except InvalidPattern:
            return False

    def value(self, event: Event, reference: str) -> Scalar | None:
        """The text or number at a selector; None where there is none."""
        value = selector_of(reference).value(event.fields or {})
        return value if is_scalar(value) else None

    def extracted(self, event: Event) -> dict[str, str]:
        """The values at the pattern's own selectors."""
        values = {name: next(iter(selector_of(name).values(event.fields or {})), None) for name in self.selectors}
        return {name: str(value) for name, value in values.items() if is_scalar(value)}


def field_pattern(text: str) -> FieldPattern:
    """The pattern between braces. Raises InvalidPattern."""
    tokens, selectors = Tokens(text), dict[str, None]()

    def operand(tokens: Tokens) -> Condition:
        selector = selector_of(tokens.take(Kind.SELECTOR).text)
        selectors[selector.text] = None
        if tokens.skip("NOT", "EXISTS"):
            return Missing(selector)
        for word, constant in CONSTANTS.items():
            if tokens.skip("IS", word):
                return Is(selector, constant)
        return Compared(selector, comparison(tokens))

    condition = disjunction(tokens, operand, lambda sign, parts: AllOf(parts) if sign == "&&" else OneOf(parts))
    tokens.end()
    return FieldPattern(condition, tuple(selectors), tokens.has_expressions, tuple(_words(condition)))


def _words(condition: Condition) -> Iterator[str]:
    """The words that a condition asks for; no number is written as one."""
    match condition:
        case AllOf(conditions):
            for each in conditions:
                yield from _words(each)
        case Compared(_, WithText(True, text)) if WORD.fullmatch(text):
            yield text
