"""Text that commands write: data come from producers, and nothing in them may command a terminal.

Control characters (C0 and C1, DEL), the characters that change the direction of text or break its lines (Unicode
Standard Annex 9, explicit formatting characters), and halves of surrogate pairs are written as JSON escapes them,
`\\u001b`, wherever it goes, to a terminal, a file or a pipe: in JSON that is the same value. Rows as CSV are data, and
go to a file or a pipe as they are.
"""

import re
import sys
from html import escape

import typer

_IN_TEXT = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_UNSAFE_IN_TEXT = re.compile(f"[{_IN_TEXT}\U000e0000-\U000e007f]")
_UNSAFE_IN_LINE = re.compile(f"[\t\n{_IN_TEXT}\U000e0000-\U000e007f]")


def printable(text: str) -> str:
    """The text with everything escaped that a terminal obeys, but for the ends of lines and tabs."""
    return _UNSAFE_IN_TEXT.sub(_escaped, text)


def one_line(text: str) -> str:
    """The text with everything escaped that a terminal obeys, so that it stays within its line."""
    return _UNSAFE_IN_LINE.sub(_escaped, text)


def in_html(text: str) -> str:
    """The text as a page shows it: nothing in it is markup, or changes the direction of what is around it."""
    return escape(printable(text))


def echo(text: str = "", *, err: bool = False) -> None:
    """Write a line, or several, to standard output or standard error."""
    typer.echo(printable(text), err=err)


def echo_more(text: str) -> None:
    """Write a piece of text to standard output, and see to it that it is seen at once."""
    sys.stdout.write(printable(text))
    sys.stdout.flush()


def echo_over(text: str) -> None:
    """Write over the line on standard error that this wrote before."""
    typer.echo(f"\r{one_line(text)}", err=True, nl=False)


def _escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{int.from_bytes(units[at : at + 2]):04x}" for at in range(0, len(units), 2))
