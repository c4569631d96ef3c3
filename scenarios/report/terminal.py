"""Drills on a terminal: those that run now, and a table of what they found."""

from collections.abc import Callable, Collection, Sequence
from threading import RLock
from types import TracebackType
from typing import Self

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from wavetank.scenarios.drills.catalogue import CONTROL
from wavetank.scenarios.oracle.evidence import Verdict
from wavetank.scenarios.oracle.hops import Hop, Passage, together
from wavetank.scenarios.report.console import literal
from wavetank.scenarios.run.report import STACK, Report
from wavetank.scenarios.run.skips import Skip

STYLES = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.INCONCLUSIVE: "yellow"}
COLUMNS = ("attempted", "acknowledged", "landed")
LEAST_OF_WRONG = 16
"""Characters for what is wrong on the narrowest terminal; what does not fit goes on in the next line."""


class RunDisplay:
    """A line for each thing that runs now, and a line for each run that ended; use as a context manager."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[what]}"),
            console=out,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._lock = RLock()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def now(self, name: str, what: str) -> None:
        """Show that `name` now does `what`; what else is shown stays until it has ended."""
        with self._lock:
            if name not in self._tasks:
                self._remove(STACK)
                self._tasks[name] = self._progress.add_task(literal(name), total=None, what="")
            self._progress.update(self._tasks[name], what=literal(what))

    def line(self, name: str, number: int) -> Callable[[str], None]:
        """The way to say what the `number`th (from 1) that does the same work now does."""
        return lambda what: self.now(f"{name} {number}", what)

    def _remove(self, name: str) -> None:
        with self._lock:
            if name in self._tasks:
                self._progress.remove_task(self._tasks.pop(name))

    def skipped(self, skip: Skip) -> None:
        """Print that a drill is not held, and why."""
        self._out.print(f"[dim]{'skipped':<12}[/] {literal(skip.name):<24} {literal(skip.reason)}", soft_wrap=True)

    def ended(self, report: Report) -> None:
        """Print the verdict of a run that ended."""
        self._remove(report.name)
        style = STYLES[report.verdict]
        fired = ", ".join(f"{name} ×{times}" for name, times in report.fired.items())
        fired = fired or ("no faults" if report.name.startswith(CONTROL) else "faults unknown")
        passages = report.judgement.passages.values()
        told = f"{fired}; {by_hop(passages)}" if passages and not is_short(passages) else fired
        self._out.print(
            f"[{style}]{report.verdict:<12}[/] {literal(report.name):<24} {report.duration_s:5.1f} s   {literal(told)}",
            soft_wrap=True,
        )
        if is_short(passages):
            self._out.print(f"             {by_hop(passages)}", soft_wrap=True)
        for finding in report.not_passed:
            self._out.print(f"             {finding.checker}: {literal(finding.detail)}")
        if report.not_passed:
            self._out.print(f"             history and report: {literal(str(report.folder))}", soft_wrap=True)


def is_short(passages: Collection[Passage]) -> bool:
    """Whether some hop has seen fewer or more events than another."""
    return len(set(together(passages).values())) > 1


def by_hop(passages: Collection[Passage]) -> str:
    """How many events were seen at each hop, in a few words where it is the same number."""
    arrived = together(passages)
    if not is_short(passages):
        return f"{arrived[Hop.SENT]:,} events at every hop"
    return " → ".join(f"{number:,} {hop}" for hop, number in arrived.items())


def table(reports: Sequence[Report]) -> Table:
    """The verdicts, and the ledger of all event types together."""
    grid = Table(title="verdicts", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("drill", "verdict"):
        grid.add_column(heading, no_wrap=True)
    grid.add_column("wrong", min_width=LEAST_OF_WRONG, overflow="fold")
    for heading in ("seconds", "fired", *COLUMNS):
        grid.add_column(heading, justify="right", no_wrap=True)
    for report in reports:
        counts = report.totals.counts()
        grid.add_row(
            literal(report.name),
            f"[{STYLES[report.verdict]}]{report.verdict}[/]",
            f"[bold red]{literal(report.wrong)}[/]" if report.wrong else "none",
            f"{report.duration_s:.1f}",
            f"{sum(report.fired.values()):,}",
            *(f"{counts[name]:,}" for name in COLUMNS),
        )
    return grid
