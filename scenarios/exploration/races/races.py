"""Races the actors of a pipeline: one is stopped at a call, another runs to its end, and the first goes on.

Then everything settles, the schedules run, and what is recovered by hand is: the files at rest must be those of the run
in which the second came after the first, byte for byte, with the same records in quarantine and no chunk left behind.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError

from wavetank.emulator.errors import NotSettled, StackError
from wavetank.emulator.faults.model import document
from wavetank.emulator.faults.points import Point
from wavetank.emulator.pending import Pending
from wavetank.scenarios.client import at_rest, quarantine
from wavetank.scenarios.client.at_rest import Layer
from wavetank.scenarios.exploration.races.actors import ACTORS, Actor, Scene, arrive, back_fill, redrive
from wavetank.scenarios.exploration.races.cells import ID, Cell, Recorded, matrix
from wavetank.scenarios.exploration.races.world import OPTIONAL, ActorFailedError, build
from wavetank.scenarios.exploration.storm.shrink import smallest
from wavetank.scenarios.exploration.sweep.sweep import told
from wavetank.scenarios.oracle.evidence import Verdict
from wavetank.scenarios.oracle.history import EVENT_ID
from wavetank.scenarios.site.site import REPLAY_AFTER, Site, TickFailedError
from wavetank.scenarios.site.waiting import next_due
from wavetank.scenarios.spec.hours import Scheduled

Narrate = Callable[[str], None]
ATTEMPTS = 3
LOOK_S = 0.05
"""So long what is in flight is looked at before emulator time is moved on for it."""
HELD_S = 120.0
"""Wall-clock time in which an actor surely comes to its call, and another to its end."""
NEWCOMERS = ("partitioner", "replayer")
"""The actors whose business the new chunk is: it is not partitioned beside them."""
BROKEN = (StackError, TickFailedError, ActorFailedError, ClientError, at_rest.UnreadableFileError)
"""What a run ends with where the pipeline does not get over the race."""


class NoRaceError(LookupError):
    """Actors of these names do not race; the message says which do."""


class NotRacedError(Exception):
    """The first was not stopped at its call, or went on before the second had ended; the message says which."""


@dataclass(frozen=True)
class Result:
    """The result of a race: `detail` says what is wrong, empty where nothing is."""

    cell: Cell
    verdict: Verdict
    detail: str = ""

    def document(self) -> dict[str, Any]:
        """The result as plain data."""
        return {
            "number": self.cell.number,
            "stopped": self.cell.first,
            "meanwhile": self.cell.second,
            "call": self.cell.name,
            "moment": str(self.cell.moment),
            "verdict": str(self.verdict),
            "detail": self.detail,
        }


@dataclass(frozen=True)
class FinalState:
    """The state that a run leaves.

    files: the digests of the files at rest. ids: how often each event is among them, and in parts that were put aside.
    aside: the distinct records in quarantine. undone: the chunks without their tag.
    """

    files: Mapping[str, str]
    ids: Mapping[str, int]
    aside: frozenset[tuple[str, str]]
    undone: tuple[str, ...]

    def differs(self, right: "FinalState") -> str:
        """How it differs from what is right, events first; empty where it does not."""
        lost = sorted(right.ids.keys() - self.ids.keys())
        more = sorted(event for event, times in self.ids.items() if times > right.ids.get(event, 0))
        keys = sorted(self.files.keys() | right.files.keys())
        wrong = [key for key in keys if self.files.get(key) != right.files.get(key)]
        missing, extra = right.aside - self.aside, self.aside - right.aside
        complaints = (
            f"{len(lost)} events are lost, such as {lost[0]}" if lost else "",
            f"{len(more)} events are there too often, such as {more[0]}" if more else "",
            f"{len(wrong)} of {len(keys)} files differ, such as {wrong[0]}" if wrong else "",
            f"quarantine: {len(missing)} records are missing, {len(extra)} too many" if missing or extra else "",
            f"{len(self.undone)} chunks are not done, such as {self.undone[0]}" if self.undone else "",
        )
        return "; ".join(complaint for complaint in complaints if complaint)


@dataclass
class Races:
    """The races at a site that begin in `world`; `narrate` is told what runs now."""

    scene: Scene
    narrate: Narrate = lambda _what: None
    _right: dict[tuple[str, str], FinalState] = field(default_factory=dict)

    @classmethod
    def begun(cls, site: Site, event_type: str, seed: int, narrate: Narrate) -> "Races":
        """The races of the events of a seed, whose world is made on `site`. Raises what is in BROKEN."""
        narrate("making the world in which races begin")
        return cls(Scene(site, build(site, event_type, seed)), narrate)

    def plan(self) -> list[Cell]:
        """The whole matrix, from a recording of each actor by itself."""
        return matrix({actor.name: self._record(actor) for actor in ACTORS}, self.scene.world.named)

    def at(self, site: Site, narrate: Narrate) -> "Races":
        """The same races at another site, where runs have to leave what they leave here."""
        return replace(self, scene=Scene(site, self.scene.world), narrate=narrate)

    def learn(self, pair: tuple[str, str]) -> str:
        """Run a pair one after the other, which says what its races have to leave; what is wrong with that."""
        self.narrate(f"{pair[0]}, then {pair[1]}")
        first, second = _actor(pair[0]), _actor(pair[1])
        try:
            self.scene.world.restore(self.scene.site)
            (first.when_held or first.work)(self.scene)
            self.scene.site.settle()
            self._beside(first, second)
            state = self._end(first, second)
        except BROKEN as error:
            return f"without a race: {told(error)}"
        self._right[pair] = state
        lost = sorted(self.scene.world.ids - state.ids.keys())
        return f"without a race: {len(lost)} events are lost, such as {lost[0]}" if lost else ""

    def run(self, cell: Cell) -> Result:
        """The verdict on a race; inconclusive where it did not come about, however often it was tried."""
        self.narrate(f"{cell.number}: {cell.first} {cell.moment} {cell.name}, {cell.second} meanwhile")
        if cell.pair not in self._right and (wrong := self.learn(cell.pair)):
            return Result(cell, Verdict.FAIL, wrong)
        reason = ""
        for _ in range(ATTEMPTS):
            try:
                state, gone = self._raced(cell)
            except NotRacedError as error:
                reason = str(error)
            except BROKEN as error:
                return Result(cell, Verdict.FAIL, told(error))
            else:
                wrong = "; ".join(filter(None, (gone, state.differs(self._right[cell.pair]))))
                return Result(cell, Verdict.FAIL if wrong else Verdict.PASS, wrong)
        return Result(cell, Verdict.INCONCLUSIVE, reason)

    def needs(self, cell: Cell) -> list[str]:
        """The things in the world that a race which fails does not fail without."""

        def fails(some: Sequence[str]) -> bool:
            smaller = Scene(self.scene.site, self.scene.world.only(some))
            return Races(smaller, self.narrate).run(cell).verdict is Verdict.FAIL

        return [] if fails(()) else smallest(list(OPTIONAL), fails)

    def run_before(self, cell: Cell, until: float | None) -> Result | None:
        """The verdict on a race; None where `until` (monotonic time) has come: then it is not run."""
        return None if until is not None and time.monotonic() > until else self.run(cell)

    def _record(self, actor: Actor) -> Recorded:
        """The calls of an actor that nobody runs beside."""
        self.narrate(f"recording the calls of {actor.name}")
        site, control, processor = self.scene.site, self.scene.site.stack.control, self._processor
        self.scene.world.restore(site)
        control.start_recording(exact=True)
        try:
            (actor.when_held or actor.work)(self.scene)
            site.settle()
        finally:
            calls = control.stop_recording()
        return Recorded.of(calls, actor.called(processor), actor.callers(processor), site.registry_bucket)

    @property
    def _processor(self) -> str:
        return self.scene.world.event_type.processor

    def _raced(self, cell: Cell) -> tuple[FinalState, str]:
        """The state after one race, and which events the first took away from rest, though a tick brings them back.

        Raises NotRacedError, and what is in BROKEN.
        """
        first, second, control = _actor(cell.first), _actor(cell.second), self.scene.site.stack.control
        self.scene.world.restore(self.scene.site)
        control.add_fault(document(cell.fault()))
        with ThreadPoolExecutor(1, thread_name_prefix="held") as pool:
            held = pool.submit(first.when_held or first.work, self.scene)
            try:
                self._until_stopped(held)
                mine = first.called(self._processor)
                self._until_quiet(mine)
                self._beside(first, second)
                self._until_quiet(mine)
                there = self._at_rest()
                if held.done():
                    raise NotRacedError(f"{first.name} went on before {second.name} had come to its end")
            finally:
                control.clear_faults()
            held.result()
        self.scene.site.settle()
        gone = sorted(there - self._at_rest())
        return self._end(first, second), f"{len(gone)} events were at rest and went, such as {gone[0]}" if gone else ""

    def _until_stopped(self, held: Future[None]) -> None:
        """Return when the actor has come to its call. Raises NotRacedError where it never does, and what ended it."""
        control, began = self.scene.site.stack.control, time.monotonic()
        while not any(firing["fault"] == ID for firing in control.activity()):
            if wait([held], LOOK_S).done:
                held.result()
                raise NotRacedError("the call never came")
            if time.monotonic() - began > HELD_S:
                raise NotRacedError(f"the call did not come in {HELD_S:g} s")

    def _until_quiet(self, mine: str) -> None:
        """Return when nothing is in flight but what is stopped. Raises NotSettled."""
        control, began = self.scene.site.stack.control, time.monotonic()
        while rest := others(control.pending(LOOK_S, telemetry=False), mine):
            now = control.now()
            due = next_due(rest, now, eager=True)
            if due is not None:
                control.advance_clock(due - now)
            if time.monotonic() - began > HELD_S:
                raise NotSettled(HELD_S, rest)

    def _beside(self, first: Actor, second: Actor) -> None:
        """Have the second do its work, and settle but for the first."""
        if second.learns and first.name not in NEWCOMERS:
            arrive(self.scene)
        second.work(self.scene)

    def _end(self, *actors: Actor) -> FinalState:
        """The state once the schedules have run, and what is recovered by hand."""
        site, world = self.scene.site, self.scene.world
        site.settle()
        site.tick(Scheduled.REPLAYER, site.now() + REPLAY_AFTER)
        site.settle()
        if any(actor.redrives for actor in actors):
            redrive(self.scene)
            site.settle()
        for moment in world.merge_times:
            site.tick(Scheduled.PLANNER, moment)
        if any(actor.lands_late for actor in actors):
            back_fill(self.scene)
        return self._state()

    def _at_rest(self) -> frozenset[str]:
        """The ids of the events in the data of record."""
        files = at_rest.files(self.scene.site.s3, self.scene.site.data_bucket, (Layer.AVRO,))
        return frozenset(str(record[EVENT_ID]) for file in files for record in file.records())

    def _state(self) -> FinalState:
        site = self.scene.site
        s3, bucket, aside = site.s3, site.data_bucket, quarantine.all_records(site.s3, site.data_bucket)
        files = list(at_rest.files(s3, bucket))
        kept = [*files, *at_rest.files(s3, bucket, (Layer.LATE,))]
        ids = Counter(
            str(record[EVENT_ID]) for file in kept if file.at.layer is not Layer.PARQUET for record in file.records()
        )
        records = frozenset((record.reason, record.digest) for record in aside)
        return FinalState({file.at.key: file.digest for file in files}, ids, records, tuple(site.undone_chunks()))


def chosen(cells: Collection[Cell], first: str | None = None, second: str | None = None) -> list[Cell]:
    """The races in which `first` is stopped while `second` runs; None is any. Raises NoRaceError."""
    some = [cell for cell in cells if first in (None, cell.first) and second in (None, cell.second)]
    if not some:
        pairs = ", ".join(" ".join(pair) for pair in dict.fromkeys(cell.pair for cell in cells))
        raise NoRaceError(f"{first or 'nobody'} does not race with {second or 'anybody'}; who does: {pairs}")
    return some


def _actor(name: str) -> Actor:
    return next(actor for actor in ACTORS if actor.name == name)


def others(pending: Iterable[Pending], caller: str) -> list[Pending]:
    """What is in flight besides one call of `caller` that a fault holds, and the invocation that makes it."""
    left = Counter[tuple[str, str]]({(Point.AWS_CALL, caller): 1, (Point.LAMBDA_INVOKE, caller): 1})
    rest = []
    for item in sorted(pending, key=lambda item: not item.by_fault):
        if left[item.hop, item.resource] > 0:
            left[item.hop, item.resource] -= 1
        else:
            rest.append(item)
    return rest
