"""Sweeps a pipeline: lets each AWS call of each function go wrong in each way, one run each.

After the fault is gone and the schedules have run, the files at rest must be those of the run without it, byte for
byte, with the same records in quarantine and no chunk left behind.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError

from wavetank.emulator.deploy import functions
from wavetank.emulator.errors import StackError
from wavetank.emulator.faults.model import document
from wavetank.scenarios.client import at_rest, quarantine
from wavetank.scenarios.exploration.sweep.cells import ID, CallSite, Cell, cells, left_alone_by, sites
from wavetank.scenarios.exploration.sweep.paths import COURSES, Course, FeedRefusedError, Place
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
    """What came of a cell: `detail` says what is wrong, empty where nothing is."""

    cell: Cell
    course: str
    verdict: Verdict
    detail: str = ""

    def document(self) -> dict[str, Any]:
        """The result as plain data."""
        site = self.cell.site
        return {
            "function": site.function,
            "call": site.name,
            "mode": str(self.cell.mode),
            "cold": site.cold,
            "course": self.course,
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
    """One sweep of the pipeline at `place`; `narrate` is told what runs now."""

    place: Place
    narrate: Narrate = lambda _what: None
    _right: dict[str, FinalState] = field(default_factory=dict)

    def plan(self, function: str | None = None) -> list[tuple[Course, Cell]]:
        """The cells, of one function or of all, each with its course, from recordings of every course.

        `function` may leave the project's prefix out. Raises NothingToSweepError.
        """
        found: dict[tuple[str, ...], tuple[Course, CallSite]] = {}
        for course in COURSES:
            for site in self._record(course):
                found.setdefault(site.identity, (course, site))
        known = sorted({site.function for _, site in found.values()})
        wanted = known if function is None else [name for name in known if function in (name, name.split("-", 1)[1])]
        if not wanted:
            raise NothingToSweepError(f"no function {function!r} makes a call; there are: {', '.join(known)}")
        chosen = [site for _, site in found.values() if site.function in wanted]
        return [(found[cell.site.identity][0], cell) for cell in cells(chosen)]

    def at(self, place: Place, narrate: Narrate) -> "Sweep":
        """The same sweep at another place, where runs have to leave what they have left here."""
        return replace(self, place=place, narrate=narrate)

    def _record(self, course: Course) -> list[CallSite]:
        """The call sites of a course, from a run with functions that start anew and from one with others."""
        control, stack = self.place.site.stack.control, self.place.site.stack
        recordings: list[list[dict[str, Any]]] = []
        for state in ("cold", "warm"):
            self.narrate(f"recording the calls of the course {course.name}, {state}")
            control.reset()
            if state == "cold":
                for known in functions.configurations(stack):
                    functions.cycle(stack, known["FunctionName"])
            control.start_recording()
            left = self._pass(course, None, lambda: recordings.append(control.stop_recording()))
            self._right.setdefault(course.name, left)
        return left_alone_by(course.premise(self.place), sites(*recordings))

    def run(self, course: Course, cell: Cell) -> Result:
        """The verdict on a cell; inconclusive where its call did not come, however often it was run."""
        self.narrate(f"{cell.site.function}: {cell.site.name}, {cell.mode}")
        tried = cell
        for _ in range(ATTEMPTS):
            try:
                left = self._pass(course, tried)
            except BROKEN as error:
                return Result(tried, course.name, Verdict.FAIL, f"{type(error).__name__}: {str(error)[:300]}")
            wrong = left.differs(self._right[course.name]) or self._undone()
            if wrong:
                return Result(tried, course.name, Verdict.FAIL, wrong)
            if any(firing["fault"] == ID for firing in self.place.site.stack.control.activity()):
                return Result(tried, course.name, Verdict.PASS)
            tried = tried.sooner()
        return Result(cell, course.name, Verdict.INCONCLUSIVE, "the call never came")

    def _pass(self, course: Course, cell: Cell | None, acted: Callable[[], None] = lambda: None) -> FinalState:
        """One run of a course, healed and settled, and what it left; `acted` is called before the fault is gone."""
        control = self.place.site.stack.control
        control.reset()
        course.set_up(self.place)
        for fault in cell.faults() if cell is not None else ():
            control.add_fault(document(fault))
        try:
            course.act(self.place)
        finally:
            acted()
            control.clear_faults()
        self.place.settle()
        course.recovery(self.place)
        self.place.settle()
        self.place.tick()
        return self._left()

    def _left(self) -> FinalState:
        s3, bucket = self.place.site.s3, self.place.site.data_bucket
        records = quarantine.all_records(s3, bucket)
        aside = frozenset((record.reason, hashlib.sha256(record.payload).hexdigest()) for record in records)
        return FinalState(at_rest.digests(s3, bucket), aside)

    def _undone(self) -> str:
        undone = self.place.site.undone_chunks()
        return f"{len(undone)} chunks are not done, such as {undone[0]}" if undone else ""
