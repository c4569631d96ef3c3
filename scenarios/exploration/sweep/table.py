"""Shows a sweep: a row for each call, a column for each way in which it goes wrong; and its plain data."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from wavetank.scenarios.exploration.sweep.cells import MEANING, Mode
from wavetank.scenarios.exploration.sweep.sweep import Result
from wavetank.scenarios.oracle.evidence import Verdict

MARKS = {
    Verdict.PASS: "[green]pass[/]",
    Verdict.FAIL: "[bold red]FAIL[/]",
    Verdict.INCONCLUSIVE: "[yellow]?[/]",
}


def matrix(results: Sequence[Result]) -> Table:
    """The verdicts by call and mode."""
    grid = Table(title="sweep", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    grid.add_column("function", no_wrap=True)
    grid.add_column("call", overflow="fold", min_width=40)
    for mode in Mode:
        grid.add_column(str(mode), width=6)
    rows: dict[tuple[str, str], dict[Mode, Verdict]] = {}
    for result in results:
        call_site = result.cell.call_site
        rows.setdefault((call_site.function, call_site.name), {})[result.cell.mode] = result.verdict
    last = ""
    for (function, name), verdicts in rows.items():
        marks = [MARKS[verdicts[mode]] if mode in verdicts else "" for mode in Mode]
        grid.add_row("" if function == last else escape(function), escape(name), *marks)
        last = function
    return grid


def wrong(results: Iterable[Result]) -> list[str]:
    """A line for each cell that is no pass."""
    return [
        f"{result.verdict}: {call_site.function}, {call_site.name}, {result.cell.mode}: {result.detail}"
        for result in results
        for call_site in (result.cell.call_site,)
        if result.verdict is not Verdict.PASS
    ]


def document(results: Sequence[Result], duration_s: float) -> dict[str, Any]:
    """The sweep as plain data."""
    return {
        "modes": {str(mode): meaning for mode, meaning in MEANING.items()},
        "duration_s": round(duration_s, 3),
        "verdicts": {str(verdict): sum(result.verdict is verdict for result in results) for verdict in Verdict},
        "cells": [result.document() for result in results],
    }
