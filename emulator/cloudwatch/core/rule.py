"""The rule of a composite alarm: in which states of other alarms it is in ALARM.

Sources: Amazon CloudWatch User Guide, "Combining alarms" (rule expressions), and Amazon CloudWatch API Reference,
PutCompositeAlarm (AlarmRule). From the loosest: OR, AND, NOT.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from wavetank.emulator.cloudwatch.core.verdict import State

LONGEST = 10_240
MAX_CHILDREN = 100
MAX_ELEMENTS = 500
_STATES = frozenset(State)
_TOKEN = re.compile(r"""\s*(?:(?P<sign>[()])|(?P<text>"[^"]*")|(?P<word>[^\s()"]+)|(?P<end>$))""")


class RuleError(ValueError):
    """A rule that makes no sense."""


@dataclass(frozen=True)
class Child:
    """An alarm that a rule names, by name or ARN, and the state in which this part of the rule is true."""

    alarm: str
    state: State


@dataclass(frozen=True)
class Rule:
    """A rule: an operator over parts, a child, or a constant."""

    operator: str
    parts: tuple["Rule", ...] = ()
    child: Child | None = None

    def holds(self, state_of: Callable[[str], State | None]) -> bool:
        """Whether it is true; `state_of` is asked for the state of an alarm, None for one that is not there."""
        match self.operator:
            case "OR":
                return any(part.holds(state_of) for part in self.parts)
            case "AND":
                return all(part.holds(state_of) for part in self.parts)
            case "NOT":
                return not self.parts[0].holds(state_of)
            case "child":
                assert self.child is not None
                return state_of(self.child.alarm) == self.child.state
        return self.operator == "TRUE"

    def children(self) -> Iterator[Child]:
        """The alarms that it names, in order."""
        if self.child is not None:
            yield self.child
        for part in self.parts:
            yield from part.children()


@lru_cache(maxsize=1_024)
def read_rule(text: str) -> Rule:
    """The rule of a text. Raises RuleError, which says where it makes no sense."""
    if not text or len(text) > LONGEST:
        raise RuleError(f"AlarmRule must have 1 to {LONGEST} characters")
    if text != text.strip():
        raise RuleError("AlarmRule must not contain leading or trailing whitespace or be null")
    rule = _Reader(text).whole()
    children = len({child.alarm for child in rule.children()})
    if children > MAX_CHILDREN:
        raise RuleError(f"AlarmRule must not contain more than {MAX_CHILDREN} child alarms, it has {children}")
    return rule


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._read())
        self._next = 0
        self._elements = 0

    def _read(self) -> Iterator[tuple[str, str, int]]:
        at = 0
        while True:
            match = _TOKEN.match(self._text, at)
            if match is None:
                raise RuleError(f"AlarmRule has a quote that does not end, at character {at + 1}")
            kind = str(match.lastgroup)
            yield kind, match[kind], match.start(kind)
            if kind == "end":
                return
            at = match.end()

    def whole(self) -> Rule:
        rule = self._any()
        if self._kind != "end":
            raise self._unexpected()
        return rule

    @property
    def _kind(self) -> str:
        return self._tokens[self._next][0]

    def _unexpected(self) -> RuleError:
        kind, token, at = self._tokens[self._next]
        what = "ends too early" if kind == "end" else f"has {token!r} where it makes no sense"
        return RuleError(f"AlarmRule {what}, at character {at + 1}")

    def _takes(self, token: str) -> bool:
        if self._tokens[self._next][:2] in (("word", token), ("sign", token)):
            self._next += 1
            return True
        return False

    def _any(self) -> Rule:
        parts = [self._all()]
        while self._takes("OR"):
            parts.append(self._all())
        return Rule("OR", tuple(parts)) if len(parts) > 1 else parts[0]

    def _all(self) -> Rule:
        parts = [self._one()]
        while self._takes("AND"):
            parts.append(self._one())
        return Rule("AND", tuple(parts)) if len(parts) > 1 else parts[0]

    def _one(self) -> Rule:
        inverted = False
        while self._takes("NOT"):
            inverted = not inverted
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise RuleError(f"AlarmRule must not contain more than {MAX_ELEMENTS} elements")
        rule = self._element()
        return Rule("NOT", (rule,)) if inverted else rule

    def _element(self) -> Rule:
        kind, token, _at = self._tokens[self._next]
        if self._takes("("):
            rule = self._any()
            self._close()
            return rule
        if kind == "word" and token.upper() in ("TRUE", "FALSE"):
            self._next += 1
            return Rule(token.upper())
        if kind != "word" or token not in _STATES:
            raise self._unexpected()
        self._next += 1
        if not self._takes("("):
            raise self._unexpected()
        return Rule("child", child=Child(self._name(), State(token)))

    def _name(self) -> str:
        """The name in quotes, or without where it has no space and no parenthesis."""
        kind, token, _at = self._tokens[self._next]
        name = token[1:-1] if kind == "text" else token
        if kind not in ("text", "word") or not name:
            raise self._unexpected()
        self._next += 1
        self._close()
        return name

    def _close(self) -> None:
        if not self._takes(")"):
            raise self._unexpected()
