"""The console that tables, bars and coloured lines are shown on; like `scenarios.report.escaping`, it obeys no data."""

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment

from wavetank.scenarios.report.escaping import printable

NARROWEST = 110
"""A table in a file or a pipe is at least so many characters wide."""


class SafeConsole(Console):
    """A console on which text is shown as `scenarios.report.escaping` writes it, whoever made it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(emoji=False, **settings)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)


def console() -> Console:
    """Standard output, wide enough for a table where it is no terminal."""
    plain = SafeConsole()
    return plain if plain.is_terminal else SafeConsole(width=max(plain.width, NARROWEST))


def unfolded() -> Console:
    """Standard output; off a terminal nothing says how wide a line may be, so nothing is folded."""
    return SafeConsole() if sys.stdout.isatty() else SafeConsole(width=sys.maxsize)


def literal(text: str) -> str:
    """Text that came from outside, for a line with markup: nothing in it is markup."""
    return escape(printable(text))
