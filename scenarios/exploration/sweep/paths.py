"""The paths of a sweep: small runs of the whole pipeline that together make every function make its calls."""

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from wavetank.emulator.faults.model import Fault, document
from wavetank.emulator.faults.points import Action, Point
from wavetank.emulator.stack.clients import acting_for
from wavetank.pipeline.reference.source import LEASE_S
from wavetank.scenarios.client.quarantine import Filter
from wavetank.scenarios.oracle.history import Outcome
from wavetank.scenarios.site.database.dumps import database_of, dump, dumper_of, first_dumps
from wavetank.scenarios.site.database.provided import forget_published
from wavetank.scenarios.site.producer import DrillProducer
from wavetank.scenarios.site.recovery import redrive
from wavetank.scenarios.site.references import histories_of_registry, rows_of_database
from wavetank.scenarios.site.site import REPLAY_AFTER, Site, TickFailedError, scheduled_event
from wavetank.scenarios.spec.dumps import DumpResult
from wavetank.scenarios.spec.hours import Scheduled, planner_times
from wavetank.scenarios.spec.nemesis import Damage, SendPlan
from wavetank.scenarios.spec.unfinished import Unfinished
from wavetank.scenarios.workload.synthetic import WorkloadEvent, synthetic

START = datetime(2019, 11, 24, 23, tzinfo=UTC)
"""The last hour of a day: the two hours of a path lie on two dates."""
HOURS = 2
SYNTHETIC = 400
EVENTS = 24
FEW = 4
"""So many where each is tried again by itself for hours."""
DAMAGED = 2
GIVEN_UP = "given-up"
GIVE_UP_AFTER_S = timedelta(hours=13).total_seconds()
"""Longer than the event source tries."""


@dataclass(frozen=True)
class SweepTarget:
    """A site on which paths are run, and the events that flow."""

    site: Site
    event_type: str
    events: Sequence[WorkloadEvent]

    @property
    def processor(self) -> str:
        """The function that processes the events."""
        return self.site.topology.event(self.event_type).processor

    def feed(self) -> None:
        """Put the events, and a damaged copy of some on each stream. Raises FeedRefusedError."""
        producer = DrillProducer(self.site, lambda: 0.0)
        plans = (SendPlan(self.events), SendPlan(self.events[:DAMAGED], damage=Damage.FLIPPED))
        if any(operation.outcome is not Outcome.OK for plan in plans for operation in producer.feed(plan)):
            raise FeedRefusedError("a stream did not take an event of a sweep")

    def settle(self) -> None:
        """Return once nothing is in flight."""
        self.site.settle()

    def times(self, function: Scheduled) -> list[datetime]:
        """The times at which a scheduled function has to run for the events."""
        if function is not Scheduled.PLANNER:
            return [self.site.now() + (REPLAY_AFTER if function is Scheduled.REPLAYER else timedelta(0))]
        return planner_times(event.time_us for event in self.events)

    def tick(self) -> None:
        """Let the schedules have their effect, until it is settled. Raises TickFailedError."""
        if self.site.database is not None:
            # A dumper that was killed has its lease still.
            self.site.stack.control.advance_clock(LEASE_S)
        for function in Scheduled:
            for moment in self.times(function):
                self.site.tick(function, moment)
            self.settle()

    def send_ticks(self) -> None:
        """Send each scheduled function its event as EventBridge does, which tries again itself; then settle."""
        client, stack = self.site.stack.client("lambda"), self.site.stack
        for function in Scheduled:
            for moment, name in itertools.product(self.times(function), self.site.functions(function)):
                event = scheduled_event(name, moment, stack.account, stack.region)
                payload = json.dumps(event).encode()
                with acting_for("events", event["resources"][0]):
                    client.invoke(FunctionName=name, InvocationType="Event", Payload=payload)
            self.settle()


class FeedRefusedError(Exception):
    """A stream did not take what a sweep put on it."""


Act = Callable[[SweepTarget], None]


@dataclass(frozen=True)
class SweepPath:
    """A way through the pipeline.

    premise: faults that bring it about, set together with the one that is swept. act: what happens while they are
    set. recovery: what operations does when they are gone. needs_database: references of the site are in a database.
    """

    name: str
    premise: Callable[[SweepTarget], tuple[Fault, ...]]
    act: Act
    recovery: Act = lambda _target: None
    needs_database: bool = False

    def set_up(self, target: SweepTarget) -> None:
        """Bring the premise about."""
        for fault in self.premise(target):
            target.site.stack.control.add_fault(document(fault))


def target_of(site: Site, event_type: str, seed: int) -> SweepTarget:
    """The target with a few events of one type, the same for the same seed, in every hour."""
    events = [event for event in synthetic(SYNTHETIC, seed, START, HOURS) if event.event_type == event_type]
    step = max(1, len(events) // EVENTS)
    return SweepTarget(site, event_type, events[::step][:EVENTS])


def _flow(target: SweepTarget) -> None:
    """Feed one half after the other, so that in every run there are two chunks."""
    half = len(target.events) // 2
    for some in (target.events[:half], target.events[half:]):
        replace(target, events=some).feed()
        target.settle()
    target.send_ticks()


def _give_up(target: SweepTarget) -> None:
    """Feed a processor that cannot do its work until the event source has given its batches up."""
    replace(target, events=target.events[:FEW]).feed()
    target.site.settle(Unfinished.of(target.processor))
    target.site.stack.control.advance_clock(GIVE_UP_AFTER_S)
    target.settle()


def _redrive(target: SweepTarget) -> None:
    """Put back what was given up, until all of it was taken."""
    for done in redrive(target.site, Filter(reason=GIVEN_UP)):
        if not done.complete:
            raise FeedRefusedError(f"{done.file.key}: {done.acknowledged} of {done.records} taken")


def _no_way_out(target: SweepTarget) -> tuple[Fault, ...]:
    stream = target.site.topology.event(target.event_type).processed_stream
    match = {"service": "kinesis", "operation": "PutRecords", "resource": stream, "caller": target.processor}
    code: dict[str, float | int | str] = {"status": 400, "code": "AccessDeniedException"}
    return (Fault("no-way-out", Point.AWS_CALL, Action.ERROR_BEFORE, match, parameters=code),)


_UNTOLD = Fault("untold", Point.S3_NOTIFICATION, Action.DROP, {"key": "chunks/*"})


def _dump(target: SweepTarget) -> None:
    """Have the references of a database published for the first time, and then with another row."""
    site, row = target.site, database_of(target.site).execute
    forget_published(site)
    row("DELETE FROM campaigns WHERE campaign = 'dawn'")
    _send_dump(target)
    row("INSERT INTO campaigns VALUES ('dawn', 'Aurora', 'travel')")
    _send_dump(target)


def _send_dump(target: SweepTarget) -> None:
    """Send the dumper its tick as its schedule does, which does not try again; then settle."""
    stack, function = target.site.stack, dumper_of(target.site)
    event = scheduled_event(function, target.site.now(), stack.account, stack.region)
    payload = json.dumps(event).encode()
    with acting_for("events", event["resources"][0]):
        stack.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=payload)
    target.settle()


def _dump_again(target: SweepTarget) -> None:
    """Let a lease run out: the next run has the last word, and there are the rows of the database, and nothing older.

    Events flow after that, enriched with what is published then for the first time, so that all runs have the same.
    Raises TickFailedError.
    """
    site = target.site
    site.stack.control.advance_clock(LEASE_S)
    for expected in ({DumpResult.PUBLISHED, DumpResult.UNCHANGED}, {DumpResult.UNCHANGED}):
        dumped = dump(site)
        if dumped.result not in expected:
            raise TickFailedError(f"a dump after the fault was {dumped.result}: {dumped.detail}")
    for reference in site.topology.databases[0].references:
        newest = histories_of_registry(site)[reference.name].editions[-1].rows
        if newest != rows_of_database(database_of(site), reference):
            raise TickFailedError(f"the newest snapshot of {reference.name} has other rows than the database")
    forget_published(site)
    first_dumps(site)
    target.feed()
    target.settle()


PATHS = (
    SweepPath("flow", lambda _target: (), _flow),
    SweepPath("untold", lambda _target: (_UNTOLD,), _flow),
    SweepPath(GIVEN_UP, _no_way_out, _give_up, _redrive),
    SweepPath("dumped", lambda _target: (), _dump, _dump_again, needs_database=True),
)
"""A call site is swept in the first path in which it is met: `untold` is for the replayer, `given-up` the rescuer,
`dumped` the dumper."""
