"""Metric math, read: an expression's text as a tree.

Source: Amazon CloudWatch User Guide, "Using math expressions with CloudWatch metrics". Operators, from the
loosest: `||` `OR`, `&&` `AND`, comparisons, `+ -`, `* /`, unary `-`, `^` (which groups to the right).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 2_048
"""Characters of an expression (Amazon CloudWatch API Reference, MetricDataQuery)."""
DEEPEST = 50
"""Parentheses within each other."""


class ExpressionError(ValueError):
    """An expression that makes no sense, or that is not emulated."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A text, which METRICS takes."""

    value: str


@dataclass(frozen=True, slots=True)
class Name:
    """The id of a metric or of another expression, or a word that a function takes (`REPEAT`)."""

    value: str


@dataclass(frozen=True, slots=True)
class Array:
    """Several time series, in brackets."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator with its operands; unary minus has one."""

    operator: str
    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    function: str
    arguments: tuple["Node", ...]


type Node = Number | Text | Name | Array | Operation | Call

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|(?P<word>[A-Za-z]\w*)"""
    r"""|(?P<text>"[^"]*"|'[^']*')|(?P<sign>&&|\|\||[=!<>]=|[-+*/^<>(),\[\]])|(?P<end>$))"""
)
_LEVELS = (("||",), ("&&",), ("==", "!=", "<=", ">=", "<", ">"), ("+", "-"), ("*", "/"))
_SYNONYMS = {"OR": "||", "AND": "&&"}


@lru_cache(maxsize=4_096)
def parse(text: str) -> Node:
    """The tree of an expression. Raises ExpressionError, which says where it makes no sense."""
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression has at most {LONGEST} characters, this one has {len(text)}")
    return _Parser(text).whole()


def names(node: Node) -> Iterator[str]:
    """The ids that an expression uses, besides those that METRICS() stands for."""
    match node:
        case Name(value):
            yield value
        case Array(items) | Operation(_, items) | Call(_, items):
            for item in items:
                yield from names(item)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._read())
        self._next = 0
        self._depth = 0

    def _read(self) -> Iterator[tuple[str, str, int]]:
        """Kind, text and place of each token."""
        at = 0
        while True:
            match = _TOKEN.match(self._text, at)
            if match is None:
                raise self._error(f"{self._text[at:].lstrip()[0]!r} is not known", at)
            kind = str(match.lastgroup)
            token = match[kind]
            if token in _SYNONYMS:
                kind, token = "sign", _SYNONYMS[token]
            yield kind, token, match.start(kind)
            if kind == "end":
                return
            at = match.end()

    def whole(self) -> Node:
        node = self._level(0)
        kind, token, at = self._tokens[self._next]
        if kind != "end":
            raise self._error(f"{token!r} is one too many", at)
        return node

    def _error(self, message: str, at: int) -> ExpressionError:
        return ExpressionError(f"{message} at character {at + 1} of {self._text!r}")

    def _takes(self, *signs: str) -> str | None:
        kind, token, _at = self._tokens[self._next]
        if kind == "sign" and token in signs:
            self._next += 1
            return token
        return None

    def _expect(self, sign: str) -> None:
        if self._takes(sign) is None:
            kind, token, at = self._tokens[self._next]
            raise self._error(f"{sign!r} is missing before {'the end' if kind == 'end' else repr(token)}", at)

    def _level(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._signed()
        node = self._level(level + 1)
        while operator := self._takes(*_LEVELS[level]):
            node = Operation(operator, (node, self._level(level + 1)))
        return node

    def _signed(self) -> Node:
        if self._takes("-"):
            return Operation("-", (self._deeper(self._signed),))
        base = self._primary()
        if self._takes("^"):
            return Operation("^", (base, self._deeper(self._signed)))
        return base

    def _primary(self) -> Node:
        kind, token, at = self._tokens[self._next]
        self._next += 1
        match kind, token:
            case "number", _:
                return Number(float(token))
            case "text", _:
                return Text(token[1:-1])
            case "word", _ if self._takes("("):
                return Call(token, self._items(")"))
            case "word", _:
                return Name(token)
            case "sign", "(":
                node = self._deeper(lambda: self._level(0))
                self._expect(")")
                return node
            case "sign", "[":
                return Array(self._items("]"))
        raise self._error("the expression ends too early" if kind == "end" else f"{token!r} is in the wrong place", at)

    def _items(self, closing: str) -> tuple[Node, ...]:
        if self._takes(closing):
            return ()
        items = [self._deeper(lambda: self._level(0))]
        while self._takes(","):
            items.append(self._deeper(lambda: self._level(0)))
        self._expect(closing)
        return tuple(items)

    def _deeper[T](self, read: Callable[[], T]) -> T:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._error(f"more than {DEEPEST} parts lie within each other", self._tokens[self._next][2])
        try:
            return read()
        finally:
            self._depth -= 1
