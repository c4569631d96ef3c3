"""Shows races: for each pair a row a call, with a column for each moment at which it is stopped; as plain data too."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from wavetank.scenarios.exploration.races.cells import MEANING, Cell, Moment
from wavetank.scenarios.exploration.races.races import Result
from wavetank.scenarios.exploration.sweep.table import MARKS
from wavetank.scenarios.oracle.evidence import Verdict

MOST_SHRUNK = 3


def matrix(results: Sequence[Result]) -> Table:
    """The verdicts by who is stopped at which call and who runs meanwhile; the number is that of the first in a row."""
    grid = Table(title="races", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    grid.add_column("", justify="right", no_wrap=True)
    grid.add_column("stopped", no_wrap=True)
    grid.add_column("meanwhile", no_wrap=True)
    grid.add_column("call", overflow="fold", min_width=40)
    for moment in Moment:
        grid.add_column(str(moment), no_wrap=True)
    rows: dict[tuple[str, str, str], dict[Moment, Result]] = {}
    for result in results:
        cell = result.cell
        rows.setdefault((cell.first, cell.second, cell.name), {})[cell.moment] = result
    last = ("", "")
    for (first, second, name), row in rows.items():
        marks = [MARKS[row[moment].verdict] if moment in row else "" for moment in Moment]
        number = str(min(result.cell.number for result in row.values()))
        pair = ("", "") if (first, second) == last else (first, second)
        grid.add_row(number, *pair, escape(name), *marks)
        last = (first, second)
    return grid


def listed(cells: Iterable[Cell]) -> Iterator[str]:
    """A line for each race, in the order of the numbers."""
    for cell in sorted(cells, key=lambda cell: cell.number):
        yield f"{cell.number:>5}  {cell.first} {cell.moment} {cell.name}, {cell.second} meanwhile"


def wrong(results: Iterable[Result]) -> Iterator[str]:
    """A line for each race that is no pass, with what runs it again."""
    for result in results:
        if result.verdict is not Verdict.PASS:
            cell = result.cell
            race = f"{cell.first} stopped {cell.moment} {cell.name}, {cell.second} meanwhile"
            yield f"{result.verdict}: {race}: {result.detail} (wavetank races --cell {cell.number})"


def document(results: Sequence[Result], planned: int, duration_s: float) -> dict[str, Any]:
    """The races as plain data; `planned`: how many there were to run."""
    return {
        "moments": {str(moment): meaning for moment, meaning in MEANING.items()},
        "duration_s": round(duration_s, 3),
        "planned": planned,
        "verdicts": {str(verdict): sum(result.verdict is verdict for result in results) for verdict in Verdict},
        "races": [result.document() for result in results],
    }


def to_shrink(results: Iterable[Result]) -> list[Result]:
    """The first race of each pair that fails, of a few pairs: to shrink one takes some ten runs."""
    failed = sorted((result for result in results if result.verdict is Verdict.FAIL), key=lambda one: one.cell.number)
    first = {result.cell.pair: result for result in reversed(failed)}
    return [first[pair] for pair in sorted(first)][:MOST_SHRUNK]


def shrunk(result: Result, needs: Sequence[str]) -> str:
    """A sentence about what a race does not fail without."""
    return f"race {result.cell.number} fails with {', '.join(needs) or 'none of what is optional in its world'} there"
