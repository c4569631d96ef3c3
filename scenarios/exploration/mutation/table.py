"""The table of who killed what, by component, and the survivors: for a terminal and as plain data."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from wavetank.scenarios.exploration.mutation.outcome import KILLED, Fate, Outcome
from wavetank.scenarios.report.console import literal

TOTAL = "all"


def kills(outcomes: Sequence[Outcome]) -> Table:
    """A row for each component, and one for all: how many changes, and what became of them."""
    grid = Table(title="changes", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    grid.add_column("component", no_wrap=True)
    for heading in ("changes", "killed", *Fate):
        grid.add_column(heading, justify="right", no_wrap=True)
    for component, fates in by_component(outcomes).items():
        killed = sum(fates[fate] for fate in KILLED)
        grid.add_row(
            literal(component),
            str(fates.total()),
            f"{killed / fates.total():.0%}",
            *(str(fates[fate] or "") for fate in Fate),
        )
    return grid


def by_component(outcomes: Iterable[Outcome]) -> dict[str, Counter[Fate]]:
    """Component → how many changes had which fate; by name, and all of them in the end."""
    rows = dict[str, Counter[Fate]]()
    total = Counter[Fate]()
    for outcome in outcomes:
        rows.setdefault(outcome.change.component, Counter())[outcome.fate] += 1
        total[outcome.fate] += 1
    return dict(sorted(rows.items())) | ({TOTAL: total} if total else {})


def line(number: int, outcome: Outcome) -> str:
    """An outcome in a line."""
    by = f" by {outcome.killer}" if outcome.killer else ""
    detail = f"  ({outcome.detail})" if outcome.detail else ""
    return f"{number:>4} {outcome.fate + by:<32} {outcome.change.name}{detail}"


def document(outcomes: Sequence[Outcome], **said: Any) -> dict[str, Any]:
    """All outcomes as plain data, after what is `said` of the campaign."""
    rows = by_component(outcomes).items()
    return {
        **said,
        "components": {name: {str(fate): number for fate, number in row.items()} for name, row in rows},
        "changes": [outcome.document() for outcome in outcomes],
    }
