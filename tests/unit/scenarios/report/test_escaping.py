"""Nothing in what is written commands a terminal, whichever way it goes there."""

import ast
import io
import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from wavetank.scenarios.report.console import SafeConsole, literal
from wavetank.scenarios.report.escaping import echo, in_html, one_line, printable

HOSTILE = "\x1b[31m\x9b31m\x07\x7f\r\u202eabc\u2066\u200f\u2028\ud800\U000e0041[red]:warning:"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
WRITERS = {"scenarios/report/escaping.py", "scenarios/report/console.py", "scenarios/commands/query.py"}
"""The only modules that write text which came from outside; benchmarks write figures, to their parents."""
WITHOUT_EXTRAS = {"scenarios/entry.py", "scenarios/site/database/container/seed.py"}
"""What works where the packages of no extra are, which the one place needs: it prints the version alone, and statements
of SQL while an image is built."""


def is_safe(text: str) -> bool:
    directions = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return not OBEYED.search(text) and not any(unicodedata.bidirectional(each) in directions for each in text)


@given(st.text(st.characters(codec=None)))
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    assert is_safe(printable(text))
    assert is_safe(one_line(text))
    assert len(one_line(text).splitlines()) <= 1
    printable(text).encode()


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"])))
def test_other_text_is_as_it_is(text: str) -> None:
    assert printable(text) == one_line(text) == text


def test_lines_and_tabs_stay_in_text_and_are_escaped_in_a_line() -> None:
    assert printable("a\tb\nc") == "a\tb\nc"
    assert one_line("a\tb\nc") == "a\\u0009b\\u000ac"


@pytest.mark.parametrize("ascii_only", [True, False])
def test_json_is_the_same_value(ascii_only: bool) -> None:
    value = {"text": HOSTILE + "\n"}
    assert json.loads(printable(json.dumps(value, ensure_ascii=ascii_only))) == value


def test_echo_writes_no_character_that_a_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    echo(HOSTILE)
    echo(HOSTILE, err=True)
    captured = capsys.readouterr()
    assert is_safe(captured.out.rstrip("\n"))
    assert is_safe(captured.err.rstrip("\n"))
    assert "\\u001b[31m" in captured.out


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize(
    "shown", [Text(HOSTILE), Panel(Text(HOSTILE)), literal(HOSTILE), f"[bold]{literal(HOSTILE)}[/]", "table"]
)
def test_a_console_shows_no_character_that_a_terminal_obeys_but_its_own(shown: Any, terminal: bool) -> None:
    if shown == "table":
        shown = Table(HOSTILE)
        shown.add_row(literal(HOSTILE))
    out = io.StringIO()
    SafeConsole(file=out, force_terminal=terminal, color_system="standard" if terminal else None).print(shown)
    own = re.compile("\x1b\\[[0-9;]*m")
    text = own.sub("", out.getvalue()) if terminal else out.getvalue()
    assert is_safe(text.replace("\n", ""))
    assert "\x1b[31m" not in out.getvalue()


def test_markup_in_data_is_text() -> None:
    out = io.StringIO()
    SafeConsole(file=out).print(f"[bold]{literal('[red]x[/red] :warning: [')}[/]")
    assert out.getvalue() == "[red]x[/red] :warning: [\n"


def test_html_shows_data_as_text() -> None:
    assert in_html('<b>"\x1b\u202e') == "&lt;b&gt;&quot;\\u001b\\u202e"


def test_every_command_writes_through_the_one_place(root: Path) -> None:
    others = {}
    for path in (root / "scenarios").rglob("*.py"):
        name = str(path.relative_to(root))
        calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
        wild = {
            call for call in calls if re.fullmatch(r"typer\.echo|click\.echo|print|sys\.stdout\.write|Console", call)
        }
        if wild and name not in WRITERS | WITHOUT_EXTRAS and path.parent.name != "benchmarks":
            others[name] = wild
    assert others == {}
