"""A drill: a workload, nemeses, steps, and what is expected on the way; plain data.

The checkers at the end are the same for every drill: whatever happened, the data at rest is exactly right.
"""

from dataclasses import dataclass
from enum import StrEnum

from wavetank.emulator.faults.points import Point
from wavetank.emulator.limits.register import Limit
from wavetank.scenarios.oracle.evidence import Expectations
from wavetank.scenarios.spec.nemeses.components import ComponentChanged
from wavetank.scenarios.spec.nemeses.database import DatabaseChanged, PasswordRotated
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.nemeses.limits import LimitEnforced
from wavetank.scenarios.spec.nemeses.streams import Resharded
from wavetank.scenarios.spec.nemesis import Nemesis
from wavetank.scenarios.spec.steps import Dump, Redeliver, Step, Strike, Unlock
from wavetank.scenarios.workload.workload import USUAL, Workload


class Tag(StrEnum):
    """The subject of a drill: the hop it strikes, or the kind of nemesis; the basics are quick, one of each kind."""

    DUPLICATES = "duplicates"
    NOTIFICATIONS = "notifications"
    SCHEMAS = "schemas"
    RECORDS = "records"
    FUNCTIONS = "functions"
    REFERENCE = "reference"
    QUARANTINE = "quarantine"
    OWN_CODE = "own-code"
    OUTAGE = "outage"
    STREAMS = "streams"
    STORAGE = "storage"
    SCHEDULE = "schedule"
    AGE = "age"
    LIMITS = "limits"
    CONTAINERS = "containers"
    COMPONENTS = "components"
    ALARMS = "alarms"
    BASICS = "basics"


@dataclass(frozen=True)
class Drill:
    """A failure drill.

    hypothesis: what it shows, in a sentence. nemeses: what goes wrong, from before the workload flows on.
    during: steps between the workload and the healing. after: steps between the healing and the final settle and ticks.
    victim: event type that is struck where one is. stalls: the nemeses hold batches up for as long as they last, so
    nothing settles between the portions. tags: what it is about, to choose drills by.
    sets_aside: reasons for which events are in quarantine on the way; None where that is not known beforehand.
    converges_within_s: so long after the healing, at most, the data at rest still change; None where it may take its
    time. alarms: names of those that have to ring before the data at rest are read, and no other may; None where that
    is not known beforehand. pages: those of them that somebody gets up for. gaps: what the clock jumps over until the
    healing is silence, so that alarms which tell it may ring; else no time has passed there for them. waits: it waits
    by the wall clock, for pauses and time-outs of the functions' SDK, and so is run beside others where drills run side
    by side. ages: time passes in it as on AWS: schedules tick and objects expire by themselves while `Age` moves the
    clock on. Its events are of the hours in which it is held, each sent when its time has come, and it is compared with
    no control, whose events would be others. caught_by: checkers that have to fail, as something is wrong on purpose
    that they are there for; spoils: those that may fail for it.
    """

    name: str
    hypothesis: str
    nemeses: tuple[Nemesis, ...] = ()
    during: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    victim: str = "click"
    workload: Workload = USUAL
    stalls: bool = False
    tags: tuple[Tag, ...] = ()
    sets_aside: tuple[str, ...] | None = ()
    converges_within_s: float | None = None
    alarms: tuple[str, ...] | None = ()
    pages: tuple[str, ...] = ()
    gaps: bool = False
    waits: bool = False
    ages: bool = False
    caught_by: tuple[str, ...] = ()
    spoils: tuple[str, ...] = ()

    @property
    def expectations(self) -> Expectations:
        """The expectations that the checkers hold the run to.

        A stream that refuses single records of a call takes their order away: they come after those that it took. Where
        shards are split and merged, or records are put by hand, a key moves from one shard to another.
        """
        moves = any(isinstance(nemesis, ComponentChanged | Resharded) for nemesis in self.nemeses)
        moves = moves or any(isinstance(step, Redeliver) for step in (*self.during, *self.after))
        refusals = [
            nemesis
            for nemesis in self.nemeses
            if (isinstance(nemesis, Fault) and nemesis.point == Point.KINESIS_PUT)
            or (isinstance(nemesis, LimitEnforced) and nemesis.limit is Limit.SHARD_LIMITS)
        ]
        return Expectations(
            reasons=None if self.sets_aside is None else frozenset(self.sets_aside),
            in_order=not refusals,
            keys_stay=not moves,
            converges_within_s=self.converges_within_s,
            alarms=None if self.alarms is None else frozenset(self.alarms),
            pages=frozenset(self.pages),
            ages=self.ages,
            caught_by=frozenset(self.caught_by),
            spoils=frozenset(self.spoils),
        )

    @property
    def needs_server(self) -> bool:
        """Whether a database server is needed, for what a file has not: accounts, and writers beside a reader."""
        beside = [step for each in self.during if isinstance(each, Dump) for step in each.meanwhile]
        begun = [step.nemesis for step in beside if isinstance(step, Strike)]
        return (
            any(isinstance(step, Unlock) for step in beside)
            or any(isinstance(nemesis, DatabaseChanged) for nemesis in begun)
            or any(isinstance(nemesis, PasswordRotated) for nemesis in self.nemeses)
        )

    @property
    def is_control(self) -> bool:
        """Whether nothing goes wrong in it."""
        return not self.nemeses
