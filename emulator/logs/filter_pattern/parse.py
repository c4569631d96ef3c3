"""A pattern of a text, whichever of the three kinds it is."""

from functools import lru_cache
from typing import Protocol

from wavetank.emulator.logs.filter_pattern.columns import column_pattern
from wavetank.emulator.logs.filter_pattern.comparison import Scalar
from wavetank.emulator.logs.filter_pattern.event import Event
from wavetank.emulator.logs.filter_pattern.fields import field_pattern
from wavetank.emulator.logs.filter_pattern.terms import term_pattern
from wavetank.emulator.logs.filter_pattern.tokens import InvalidPattern

__all__ = ["InvalidPattern", "Pattern", "parse"]

LONGEST = 1024


class Pattern(Protocol):
    """Tells which events match, and what is where in them."""

    @property
    def has_expressions(self) -> bool:
        """Whether the pattern has regular expressions."""

    def matches(self, event: Event) -> bool:
        """Whether the event matches."""

    def takes(self, reference: str) -> bool:
        """Whether a text refers to a part of the events that match: `$.field` or `$column`."""

    def value(self, event: Event, reference: str) -> Scalar | None:
        """The part of an event that a text refers to; None where it has none."""

    def extracted(self, event: Event) -> dict[str, str]:
        """The parts of an event that matches, by their references."""


@lru_cache(maxsize=4096)
def parse(text: str) -> Pattern:
    """The pattern that a text is. Raises InvalidPattern with the reason why it is none."""
    if len(text) > LONGEST:
        raise InvalidPattern(f"The pattern has {len(text)} characters, of at most {LONGEST}")
    stripped = text.strip()
    if stripped.startswith("{"):
        if not stripped.endswith("}"):
            raise InvalidPattern("The pattern does not end with '}'")
        return field_pattern(stripped[1:-1])
    if stripped.startswith("["):
        if not stripped.endswith("]"):
            raise InvalidPattern("The pattern does not end with ']'")
        return column_pattern(stripped[1:-1])
    return term_pattern(stripped)
