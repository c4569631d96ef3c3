"""Patterns of terms: all of `ERROR "a phrase"`, none of `-DEBUG`, one of `?WARN ?ERROR`, or a regular expression."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from wavetank.emulator.logs.filter_pattern.comparison import Comparison, Scalar, WithExpression, WithText
from wavetank.emulator.logs.filter_pattern.event import Event
from wavetank.emulator.logs.filter_pattern.tokens import InvalidPattern, checked

TERM = re.compile(
    r"""\s*(?P<sign>[?-]?)\s*
    (?:"(?P<phrase>(?:[^"\\]|\\.)*)" | %(?P<expression>(?:[^%\\]|\\.)*)% | (?P<word>\w+))""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class TermPattern:
    """Texts that a message has or has not in it, with their cases; without any, every message matches.

    One of `optional` is enough; they say nothing where others are required or excluded.
    """

    required: Sequence[Comparison]
    optional: Sequence[Comparison]
    excluded: Sequence[Comparison]
    has_expressions: bool

    def matches(self, event: Event) -> bool:
        """Whether the message has the terms."""
        message = event.message
        if self.optional and not self.required and not self.excluded:
            return any(term.holds(message) for term in self.optional)
        return all(term.holds(message) for term in self.required) and not any(
            term.holds(message) for term in self.excluded
        )

    def takes(self, _reference: str) -> bool:
        """No text refers to a part of the message."""
        return False

    def value(self, _event: Event, _reference: str) -> Scalar | None:
        """Nothing: a message of terms has no parts."""
        return None

    def extracted(self, _event: Event) -> dict[str, str]:
        """Nothing."""
        return {}


def term_pattern(text: str) -> TermPattern:
    """The pattern of some terms. Raises InvalidPattern."""
    terms: dict[str, list[Comparison]] = {"": [], "?": [], "-": []}
    position, end, has_expressions = 0, len(text.rstrip()), False
    while position < end:
        match = TERM.match(text, position, end)
        if match is None or (match.end() < end and not text[match.end()].isspace()):
            raise InvalidPattern(f"Invalid character(s) in term '{text[position:end].split()[0]}'")
        expression = match["expression"]
        if expression is not None:
            terms[match["sign"]].append(WithExpression(True, checked(expression)))
            has_expressions = True
        else:
            phrase = match["phrase"]
            word = match["word"] if phrase is None else re.sub(r'\\(["\\])', r"\1", phrase)
            terms[match["sign"]].append(WithText(True, f"*{word}*"))
        position = match.end()
    return TermPattern(tuple(terms[""]), tuple(terms["?"]), tuple(terms["-"]), has_expressions)
