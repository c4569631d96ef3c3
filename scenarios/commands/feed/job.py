"""The job of `wavetank feed`: a source of events, shown as it goes, and a report of what came of it."""

import sys
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from wavetank.pipeline.topology import Topology
from wavetank.scenarios.client.feed import Feed, FeedCounts, Progress
from wavetank.scenarios.client.journal import Journal
from wavetank.scenarios.client.producer import Producer
from wavetank.scenarios.report.escaping import one_line
from wavetank.scenarios.run.event_types import stream
from wavetank.scenarios.workload.mapper import Mapper
from wavetank.scenarios.workload.rejects import RejectFile
from wavetank.scenarios.workload.source_file import STANDARD_INPUT, Format, opened

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

REJECTED_SUFFIX = ".rejected.ndjson"
_SHOWN_NAMES = 10

Report = dict[str, Any]


@dataclass(frozen=True)
class JournalOptions:
    """A journal in the file `path`: whether it retains what is acknowledged, and whether to send all of it again."""

    path: Path
    retain: bool = False
    rebuild: bool = False

    def journal(self, source: str) -> Journal:
        """The journal of `source`. Raises JournalError."""
        journal = Journal(self.path, source, retain=self.retain)
        if self.rebuild:
            journal.rewind()
        return journal


class FeedJob(Protocol):
    """Something to feed; `journal_options`: the journal of what is not acknowledged, if any."""

    journal_options: JournalOptions | None

    @property
    def event_types(self) -> list[str]:
        """The event types it may put."""

    def run(self, producer: Producer, stop: threading.Event, *, show: bool) -> Report:
        """Feed all of it; `show` a bar on standard error where that is a terminal."""

    def sentence(self, report: Report) -> str:
        """The report for a person to read."""


@dataclass
class FileJob:
    """Rows of a file, or of standard input (`-`), through a mapping; `format`: None for what the file tells."""

    path: Path
    mapper: Mapper
    rejected: Path | None = None
    format: Format | None = None
    journal_options: JournalOptions | None = None

    @property
    def event_types(self) -> list[str]:
        return [self.mapper.mapping.event_type]

    def run(self, producer: Producer, stop: threading.Event, *, show: bool) -> Report:
        rejects = RejectFile(self.rejected or Path(f"{self._name}{REJECTED_SUFFIX}"))
        with (
            opened(self.path, self.format, self.mapper.mapping.separator) as source,
            _Bar(self._name, source.total, show) as bar,
        ):
            journal = self.journal_options.journal(self._name) if self.journal_options else None
            feed = Feed(producer, rejects, stop, bar.progress(source.position), journal=journal)
            counts = feed.rows(source.rows, self.mapper)
        report = _report(self._name, counts, rejects)
        report["complete"] = report["complete"] and source.rows.broken is None
        return report | {"input_error": source.rows.broken, "unmapped": dict(self.mapper.unmapped)}

    def sentence(self, report: Report) -> str:
        return _sentence(report, "row")

    @property
    def _name(self) -> str:
        return "stdin" if str(self.path) == STANDARD_INPUT else self.path.name


@dataclass
class SyntheticJob:
    """Synthetic events of what is `planned`: an ad stream, or generated ones (`scenarios.run.event_types`)."""

    planned: Topology
    n: int
    seed: int
    start: datetime
    hours: float
    rejected: Path | None = None
    journal_options: JournalOptions | None = None

    @property
    def event_types(self) -> list[str]:
        return [event.name for event in self.planned.events]

    def run(self, producer: Producer, stop: threading.Event, *, show: bool) -> Report:
        name = "synthetic"
        rejects = RejectFile(self.rejected or Path(f"{name}{REJECTED_SUFFIX}"))
        source = f"{name} events, seed {self.seed}, {self.n} over {self.hours:g} h from {self.start.isoformat()}"
        journal = self.journal_options.journal(source) if self.journal_options else None
        with _Bar(name, self.n, show) as bar:
            feed = Feed(producer, rejects, stop, bar.progress(), journal=journal)
            counts = feed.events(stream(self.planned, self.n, self.seed, self.start, self.hours))
        return _report(name, counts, rejects) | {"input_error": None, "unmapped": {}}

    def sentence(self, report: Report) -> str:
        return _sentence(report, "event")


def _report(source: str, counts: FeedCounts, rejects: RejectFile) -> Report:
    return {
        "source": source,
        "read": counts.read,
        "blank": counts.blank,
        "acknowledged": counts.acknowledged,
        "rejected": counts.rejected,
        "failed": counts.failed,
        "unknown": counts.unknown,
        "retried": counts.retried,
        "reasons": {str(reason): number for reason, number in rejects.counts.most_common()},
        "rejected_file": str(rejects.path) if rejects.counts else None,
        "gave_up": counts.gave_up,
        "complete": counts.all_acknowledged,
        "duration_s": round(counts.duration_s, 3),
        "events_per_s": round(counts.events_per_s, 1),
    }


def _sentence(report: Report, noun: str) -> str:
    events = report["read"] - report["blank"]
    lines = [
        f"{report['source']}: {report['acknowledged']:,} of {events:,} {noun}s acknowledged in "
        f"{report['duration_s']:.1f} s ({report['events_per_s']:,.0f} events/s)"
    ]
    if report["interrupted"]:
        lines.append("  interrupted: the rest was not read")
    if report["gave_up"]:
        lines.append(f"  gave up: {report['gave_up']}")
    if report["input_error"]:
        lines.append(f"  the input broke off: {report['input_error']}")
    if report["retried"]:
        lines.append(f"  sent again: {report['retried']:,}")
    if report["reasons"]:
        reasons = ", ".join(f"{reason} {number:,}" for reason, number in report["reasons"].items())
        lines.append(f"  not acknowledged: {reasons}; kept in {report['rejected_file']}")
    if report["unmapped"]:
        names = ", ".join(one_line(name) for name in list(report["unmapped"])[:_SHOWN_NAMES])
        lines.append(f"  no place in the schema for {sum(report['unmapped'].values()):,} values of: {names}")
    return "\n".join(lines)


class _Bar:
    """A bar on standard error, while a feed runs in a terminal."""

    def __init__(self, name: str, total: int | None, show: bool) -> None:
        self._name, self._total = name, total
        self._is_shown = show and sys.stderr.isatty()
        self._bar: Bar | None = None

    def __enter__(self) -> "_Bar":
        if self._is_shown:
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

            from wavetank.scenarios.report.console import SafeConsole, literal

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TextColumn("{task.fields[events]:,} events"),
                TextColumn("{task.fields[rate]:,.0f}/s"),
                TimeRemainingColumn(),
                console=SafeConsole(stderr=True),
            )
            self._bar.start()
            self._bar.add_task(literal(self._name), total=self._total, events=0, rate=0.0)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def progress(self, position: Any = None) -> Progress:
        """The function that a feed calls; `position` tells how far into the total it is, by default by its counts."""

        def show(counts: FeedCounts) -> None:
            if self._bar is not None:
                done = position() if position else counts.accounted
                rate = counts.events_per_s
                self._bar.update(self._bar.task_ids[0], completed=done, events=counts.acknowledged, rate=rate)

        return show
