"""Sweeps a pipeline: lets each AWS call of each function go wrong in each way, one run each.

After the fault is gone and the schedules have run, the files at rest must be those of the run without it, byte for
byte, with the same records in quarantine and no chunk left behind.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError

from wavetank.emulator.deploy import functions
from wavetank.emulator.errors import StackError
from wavetank.emulator.faults.model import document
from wavetank.scenarios.client import at_rest, quarantine
from wavetank.scenarios.exploration.sweep.cells import ID, CallSite, Cell, call_sites, cells, left_alone_by
from wavetank.scenarios.exploration.sweep.paths import PATHS, FeedRefusedError, SweepPath, SweepTarget
from wavetank.scenarios.oracle.evidence import Verdict
from wavetank.scenarios.site.site import TickFailedError

Narrate = Callable[[str], None]
ATTEMPTS = 3
"""A run in which the call never came is run again for a call that comes sooner: how many batches and chunks there are
is not the same every time, and a function that works beside another starts anew in some runs and not in others."""
BROKEN = (StackError, TickFailedError, FeedRefusedError, ClientError)
"""What a run ends with where the pipeline does not get over the fault."""


class NothingToSweepError(LookupError):
    """No function of that name makes a call; the message says which do."""


@dataclass(frozen=True)
class Result:
    """The result of a cell: `detail` says what is wrong, empty where nothing is."""

    cell: Cell
    path: str
    verdict: Verdict
    detail: str = ""

    def document(self) -> dict[str, Any]:
        """The result as plain data."""
        call_site = self.cell.call_site
        return {
            "function": call_site.function,
            "call": call_site.name,
            "mode": str(self.cell.mode),
            "cold": call_site.cold,
            "course": self.path,
            "verdict": str(self.verdict),
            "detail": self.detail,
        }


@dataclass(frozen=True)
class FinalState:
    """The state that a run leaves: the digests of the files at rest, and the distinct records in quarantine."""

    digests: Mapping[str, str]
    set_aside: frozenset[tuple[str, str]]

    def differs(self, right: "FinalState") -> str:
        """How it differs from what is right; empty where it does not."""
        keys = sorted(self.digests.keys() | right.digests.keys())
        wrong = [key for key in keys if self.digests.get(key) != right.digests.get(key)]
        if wrong:
            return f"{len(wrong)} of {len(keys)} files differ, such as {wrong[0]}"
        if self.set_aside != right.set_aside:
            lost, more = len(right.set_aside - self.set_aside), len(self.set_aside - right.set_aside)
            return f"quarantine: {lost} records are missing, {more} too many"
        return ""


@dataclass
class Sweep:
    """A sweep of the pipeline at `target`; `narrate` is told what runs now."""

    target: SweepTarget
    narrate: Narrate = lambda _what: None
    _right: dict[str, FinalState] = field(default_factory=dict)

    def plan(self, function: str | None = None) -> list[tuple[SweepPath, Cell]]:
        """The cells, of one function or of all, each with its path, from recordings of every path.

        `function` may leave the project's prefix out. Raises NothingToSweepError.
        """
        first_met: dict[tuple[str, ...], tuple[SweepPath, CallSite]] = {}
        has_database = self.target.site.database is not None
        for path in (path for path in PATHS if has_database or not path.needs_database):
            for site in self._record(path):
                first_met.setdefault(site.identity, (path, site))
        callers = sorted({site.function for _, site in first_met.values()})
        chosen = [name for name in callers if function in (None, name, name.partition("-")[2])]
        if not chosen:
            raise NothingToSweepError(f"no function {function!r} makes a call; there are: {', '.join(callers)}")
        sites = [site for _, site in first_met.values() if site.function in chosen]
        return [(first_met[cell.call_site.identity][0], cell) for cell in cells(sites)]

    def at(self, target: SweepTarget, narrate: Narrate) -> "Sweep":
        """The same sweep at another target, where runs have to leave what they have left here."""
        return replace(self, target=target, narrate=narrate)

    def _record(self, path: SweepPath) -> list[CallSite]:
        """The call sites of a path, from a run with functions that start anew and from one with others."""
        control, stack = self.target.site.stack.control, self.target.site.stack
        recordings: list[list[dict[str, Any]]] = []
        for start in ("cold", "warm"):
            self.narrate(f"recording the calls of the course {path.name}, {start}")
            control.reset()
            if start == "cold":
                for configuration in functions.configurations(stack):
                    functions.cycle(stack, configuration["FunctionName"])
            control.start_recording()
            state = self._pass(path, None, lambda: recordings.append(control.stop_recording()))
            self._right.setdefault(path.name, state)
        return left_alone_by(path.premise(self.target), call_sites(*recordings))

    def run(self, path: SweepPath, cell: Cell) -> Result:
        """The verdict on a cell; inconclusive where its call did not come, however often it was run."""
        self.narrate(f"{cell.call_site.function}: {cell.call_site.name}, {cell.mode}")
        tried = cell
        for _ in range(ATTEMPTS):
            try:
                state = self._pass(path, tried)
            except BROKEN as error:
                return Result(tried, path.name, Verdict.FAIL, told(error))
            wrong = state.differs(self._right[path.name])
            if not wrong and (undone := self.target.site.undone_chunks()):
                wrong = f"{len(undone)} chunks are not done, such as {undone[0]}"
            if wrong:
                return Result(tried, path.name, Verdict.FAIL, wrong)
            if any(firing["fault"] == ID for firing in self.target.site.stack.control.activity()):
                return Result(tried, path.name, Verdict.PASS)
            tried = tried.sooner()
        return Result(cell, path.name, Verdict.INCONCLUSIVE, "the call never came")

    def _pass(self, path: SweepPath, cell: Cell | None, acted: Callable[[], None] = lambda: None) -> FinalState:
        """The state after one run of a path, healed and settled; `acted` is called before the fault is gone."""
        control = self.target.site.stack.control
        control.reset()
        path.set_up(self.target)
        for fault in cell.faults() if cell is not None else ():
            control.add_fault(document(fault))
        try:
            path.act(self.target)
        finally:
            acted()
            control.clear_faults()
        self.target.settle()
        path.recovery(self.target)
        self.target.settle()
        self.target.tick()
        s3, bucket = self.target.site.s3, self.target.site.data_bucket
        records = quarantine.all_records(s3, bucket)
        return FinalState(at_rest.digests(s3, bucket), frozenset((record.reason, record.digest) for record in records))


def told(error: Exception) -> str:
    """An error in a line."""
    return f"{type(error).__name__}: {str(error)[:300]}"
