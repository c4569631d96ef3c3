"""The tokens of a filter pattern, and the comparisons that some of them spell."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from wavetank.emulator.logs.filter_pattern.comparison import (
    EQUALITY,
    NUMBER,
    OPERATORS,
    Comparison,
    WithExpression,
    WithNumber,
    WithText,
)

MOST_EXPRESSIONS = 2
"""Regular expressions of one pattern on JSON or columns."""
MOST_NESTED = 50
"""Parentheses within each other."""


class InvalidPattern(ValueError):
    """A text is no filter pattern; the message says why."""


class Kind(StrEnum):
    """The kinds of tokens."""

    STRING = "string"
    EXPRESSION = "expression"
    SELECTOR = "selector"
    SYMBOL = "symbol"
    WORD = "word"
    END = "end"


@dataclass(frozen=True)
class Token:
    """A token; a string and an expression without their marks."""

    kind: Kind
    text: str


TOKEN = re.compile(
    r"""\s*(?:
    "(?P<string>(?:[^"\\]|\\.)*)"
    | %(?P<expression>(?:[^%\\]|\\.)*)%
    | (?P<selector>\$(?:\.?\[(?:\d+|\*|'[^']*'|"[^"]*")\]|\.(?:[\w-]+|\*))*)
    | (?P<symbol>&&|\|\||!=|>=|<=|[=><(),]|\.\.\.|…)
    | (?P<word>[^\s()&|=!<>",%$]+)
    )""",
    re.VERBOSE,
)
SUPPORTED = re.compile(r"""(?:[A-Za-z0-9:_#=@/;,\s^$?\[\]{}|\\*+.-]|\\.)*""")
"""The characters of a regular expression: no parentheses, and no others than ASCII."""


class Tokens:
    """The tokens of a pattern, one after the other."""

    def __init__(self, text: str) -> None:
        """Raises InvalidPattern where there is no token."""
        self._tokens: list[Token] = []
        self._next = 0
        position, end = 0, len(text.rstrip())
        while position < end:
            match = TOKEN.match(text, position, end)
            if match is None:
                raise InvalidPattern(f"Invalid character(s) at '{text[position:].strip()[:20]}'")
            kind = Kind(str(match.lastgroup))
            token = match[kind.value]
            if kind is Kind.STRING:
                token = re.sub(r'\\(["\\])', r"\1", token)
            self._tokens.append(Token(kind, token))
            position = match.end()
        expressions = sum(token.kind is Kind.EXPRESSION for token in self._tokens)
        if expressions > MOST_EXPRESSIONS:
            raise InvalidPattern(f"There are more than {MOST_EXPRESSIONS} regular expressions")
        self.has_expressions = expressions > 0

    def peek(self) -> Token:
        """The next token, which stays."""
        return self._tokens[self._next] if self._next < len(self._tokens) else Token(Kind.END, "")

    def take(self, kind: Kind | None = None) -> Token:
        """The next token. Raises InvalidPattern where it is of another kind."""
        token = self.peek()
        if kind is not None and token.kind is not kind:
            raise InvalidPattern(f"Expected a {kind}, found '{token.text}'" if token.text else f"Expected a {kind}")
        self._next += 1
        return token

    def skip(self, *texts: str) -> bool:
        """Whether the next token was the symbol or word, or the first of several, which are taken."""
        ahead = [token.text for token in self._tokens[self._next : self._next + len(texts)]]
        is_marked = self.peek().kind in (Kind.STRING, Kind.EXPRESSION)
        if ahead != list(texts) or is_marked:
            return False
        self._next += len(texts)
        return True

    def is_compared(self) -> bool:
        """Whether the token after the next one is an operator of a comparison."""
        after = self._tokens[self._next + 1 : self._next + 2]
        return bool(after) and after[0].kind is Kind.SYMBOL and after[0].text in OPERATORS

    def end(self) -> None:
        """Raises InvalidPattern where a token is left."""
        if self.peek().kind is not Kind.END:
            raise InvalidPattern(f"Unexpected '{self.peek().text}'")


def comparison(tokens: Tokens) -> Comparison:
    """The operator and the value that come next. Raises InvalidPattern."""
    symbol = tokens.take(Kind.SYMBOL).text
    if symbol not in OPERATORS:
        raise InvalidPattern(f"Expected an operator, found '{symbol}'")
    value, is_equality = tokens.take(), symbol in EQUALITY
    if value.kind is Kind.WORD and NUMBER.fullmatch(value.text):
        return WithNumber(symbol, float(value.text))
    if not is_equality:
        raise InvalidPattern(f"'{value.text}' is no number to compare by {symbol}")
    if value.kind is Kind.EXPRESSION:
        return WithExpression(symbol == "=", checked(value.text))
    if value.kind in (Kind.STRING, Kind.WORD):
        return WithText(symbol == "=", value.text)
    raise InvalidPattern(f"Expected a value after {symbol}")


def checked(expression: str) -> str:
    """A regular expression that is supported. Raises InvalidPattern for any other."""
    if not SUPPORTED.fullmatch(expression) or not expression.isascii():
        raise InvalidPattern(f"Invalid regular expression '%{expression}%': it has characters that are not supported")
    try:
        re.compile(expression, re.ASCII)
    except re.error as error:
        raise InvalidPattern(f"Invalid regular expression '%{expression}%': {error}") from error
    return expression


def disjunction[T](
    tokens: Tokens, operand: Callable[[Tokens], T], join: Callable[[str, list[T]], T], depth: int = 0
) -> T:
    """An expression of operands that `||` and, first, `&&` join, with parentheses. Raises InvalidPattern."""
    if depth > MOST_NESTED:
        raise InvalidPattern(f"There are more than {MOST_NESTED} parentheses within each other")

    def factor() -> T:
        if not tokens.skip("("):
            return operand(tokens)
        inner = disjunction(tokens, operand, join, depth + 1)
        if not tokens.skip(")"):
            raise InvalidPattern("A parenthesis is not closed")
        return inner

    alternatives: list[T] = []
    while True:
        parts = [factor()]
        while tokens.skip("&&"):
            parts.append(factor())
        alternatives.append(join("&&", parts) if len(parts) > 1 else parts[0])
        if not tokens.skip("||"):
            return join("||", alternatives) if len(alternatives) > 1 else alternatives[0]
