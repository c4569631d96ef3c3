"""The steps of a drill: plain data, carried out by a run; and how its looks compare the ledger with what it expects."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from wavetank.scenarios.oracle.at_rest import AtRest
from wavetank.scenarios.oracle.evidence import LookResult
from wavetank.scenarios.oracle.ledger import Entry, total
from wavetank.scenarios.spec.dumps import DumpResult
from wavetank.scenarios.spec.hours import Chunks, Scheduled
from wavetank.scenarios.spec.nemesis import Nemesis
from wavetank.scenarios.spec.unfinished import Unfinished


class Scope(StrEnum):
    """Which event types an expectation is about; the victim is the one whose schema is overwritten."""

    ALL = "all"
    VICTIM = "victim"
    OTHERS = "others"


@dataclass(frozen=True)
class Expect:
    """A count of the ledger, summed over `scope`: at least or at most so many, or equal to another count.

    reasons: the quarantine reasons of the scope are exactly these. exact: nothing is at rest that should not be.
    """

    count: str
    scope: Scope = Scope.ALL
    at_least: int | None = None
    at_most: int | None = None
    equals: str | None = None
    reasons: frozenset[str] | None = None
    exact: bool = False


ALL_LANDED = Expect("landed", equals="acknowledged", reasons=frozenset(), exact=True)
"""Every acknowledged event is at rest, once, as and where it should be, and none is in quarantine."""

WRONG = ("duplicated", "corrupted", "misplaced", "unexpected")
"""The counts of what should not be at rest."""


@dataclass(frozen=True)
class Settle:
    """Wait until nothing is in flight."""


@dataclass(frozen=True)
class Tick:
    """Run a scheduled function for every time that the workload needs, and wait for what comes of it.

    but: the wait ends when nothing else is in flight; None for nothing at all.
    later_hours: it runs as of so many hours later. chunks: the replayer runs when they just are so; None for when all
    have been old enough for a while.
    """

    function: Scheduled
    but: Unfinished | None = None
    later_hours: int = 0
    chunks: Chunks | None = None


@dataclass(frozen=True)
class Look:
    """Draw up the ledger now and compare it.

    precondition: what is expected is the harm done by the faults, so without it the drill shows nothing
    (inconclusive); otherwise it is a promise of the pipeline (fail).
    """

    name: str
    expect: tuple[Expect, ...]
    precondition: bool = False


@dataclass(frozen=True)
class CountObjects:
    """Count the objects of the data bucket whose keys begin with any of `prefixes`; none is a promise by default.

    precondition: as of a look.
    """

    name: str
    prefixes: tuple[str, ...]
    at_least: int = 0
    at_most: int | None = 0
    precondition: bool = False

    def result(self, count: int) -> LookResult:
        """The result of having counted so many."""
        holds = self.at_least <= count and (self.at_most is None or count <= self.at_most)
        bounds = f"{self.at_least} to {self.at_most}" if self.at_most is not None else f"at least {self.at_least}"
        detail = f"{count} objects under {', '.join(self.prefixes)}" + ("" if holds else f", expected {bounds}")
        return LookResult(self.name, holds, detail, inconclusive=self.precondition)


@dataclass(frozen=True)
class CountVersions:
    """Count the older versions of the victim's raw schemas in the registry; none is a failure."""

    name: str

    def result(self, count: int, prefix: str) -> LookResult:
        """The result of having counted so many below a prefix."""
        return LookResult(self.name, count > 0, f"{count} older versions under {prefix}")


@dataclass(frozen=True)
class Redrive:
    """Put the original bytes of every quarantined record back on its raw stream."""


@dataclass(frozen=True)
class PublishAhead:
    """Put the schema that the victim's producer is ahead with in the registry."""


@dataclass(frozen=True)
class PublishVersions:
    """Put the versions of the victim's schemas in the registry that were held back."""


@dataclass(frozen=True)
class SendAgain:
    """The producer sends a share of all events again, or later copies of them: with times so much later."""

    share: float
    later: timedelta = timedelta(0)


@dataclass(frozen=True)
class SendPortion:
    """The producer sends a portion of the workload, by its number from 1, that was withheld until now."""

    number: int


@dataclass(frozen=True)
class Strike:
    """Let something else go wrong from now on, until the run heals; a fault also until `LetGo`."""

    nemesis: Nemesis


@dataclass(frozen=True)
class LetGo:
    """Take a fault away, by its id; a call that it holds goes on. It must have struck, or the drill shows nothing."""

    fault: str


@dataclass(frozen=True)
class Redeliver:
    """Put the records that Firehose could not deliver, and wrote to its error prefix, back on their stream."""


@dataclass(frozen=True)
class BackFill:
    """Merge what has changed in all hours, whatever their age, and what came too late for them.

    first_hour: only the first hour of the workload is asked for, which changes others. meanwhile: steps that are taken
    while a fault holds one of its calls, the last of which lets it go on. It may fail then.
    """

    first_hour: bool = False
    meanwhile: tuple["Step", ...] = ()


@dataclass(frozen=True)
class Stall:
    """Wait until nothing is in flight but `on`, and that for a time to come; None: of the victim's processor."""

    on: Unfinished | None = None


@dataclass(frozen=True)
class Advance:
    """Move emulator time on."""

    hours: float


@dataclass(frozen=True)
class AdvanceTo:
    """Move emulator time on to the next moment with this time of day (UTC), as `23:59:30`."""

    time: str


@dataclass(frozen=True)
class Age:
    """Let time pass in a drill that ages, in steps of so many hours at most, each of which settles.

    but: a step has settled when nothing else is in flight; None for nothing at all.
    """

    hours: float
    but: Unfinished | None = None
    step_hours: int = 1


@dataclass(frozen=True)
class BeginOutage:
    """Put the site in outage mode, as `wavetank outage begin` does."""


@dataclass(frozen=True)
class EndOutage:
    """Take the site out of outage mode, as `wavetank outage end` does; it must have its settings of before then."""


@dataclass(frozen=True)
class Dump:
    """Run the dumper of the site's database, as its schedule does, and compare what becomes of it.

    says: what it has to say of itself. publishes: whether what the database has then comes into the index; None for as
    its result says. meanwhile: steps that are taken while it waits for a lock of a table, or a
    fault holds one of its calls.
    """

    name: str
    result: DumpResult
    says: str = ""
    publishes: bool | None = None
    meanwhile: tuple["Step", ...] = ()


@dataclass(frozen=True)
class Unlock:
    """Give up the locks of tables that are held."""


@dataclass(frozen=True)
class SumReferences:
    """Sum a column over all rows of the newest snapshots of some references, which has to come to a total."""

    name: str
    column: str
    references: tuple[str, ...]
    total: int


@dataclass(frozen=True)
class ReplayAll:
    """Announce every chunk that is not done, whatever its age: run the replayer for every hour that has chunks."""


Step = (
    Settle
    | Tick
    | Look
    | Redrive
    | SendAgain
    | SendPortion
    | Strike
    | LetGo
    | Redeliver
    | BackFill
    | PublishAhead
    | PublishVersions
    | Stall
    | Advance
    | AdvanceTo
    | Age
    | BeginOutage
    | EndOutage
    | ReplayAll
    | Dump
    | Unlock
    | SumReferences
    | CountObjects
    | CountVersions
)


def look_when_merged(name: str, *expect: Expect, precondition: bool = False) -> tuple[Step, ...]:
    """The steps of most drills: settle, let the planner have everything merged, and look."""
    return (Settle(), Tick(Scheduled.PLANNER), Look(name, expect, precondition))


def compare(look: Look, entries: Mapping[str, Entry], at_rest: AtRest, victim: str) -> LookResult:
    """The result of a look at the ledger; it passes when every expectation holds."""
    answers = [_compared(expect, entries, at_rest, victim) for expect in look.expect]
    wrong = [text for holds, text in answers if not holds]
    detail = "; ".join(wrong or [text for _, text in answers])
    return LookResult(look.name, not wrong, detail, inconclusive=look.precondition)


def _compared(expect: Expect, entries: Mapping[str, Entry], at_rest: AtRest, victim: str) -> tuple[bool, str]:
    """Whether an expectation holds, and a text with the count and, if it does not hold, with what was expected."""
    scope = expect.scope
    types = {name for name in entries if scope is Scope.ALL or (name == victim) == (scope is Scope.VICTIM)}
    counts = total({event_type: entries[event_type] for event_type in types}).counts()
    count = counts[expect.count]
    text = f"{count} {expect.count}" + ("" if scope is Scope.ALL else f" of the {scope}")
    if expect.at_least is not None and count < expect.at_least:
        return False, f"{text}, expected at least {expect.at_least}"
    if expect.at_most is not None and count > expect.at_most:
        return False, f"{text}, expected at most {expect.at_most}"
    if expect.equals is not None and count != counts[expect.equals]:
        return False, f"{text}, expected as many as {expect.equals}, {counts[expect.equals]}"
    wrong = [f"{counts[name]} {name}" for name in WRONG if expect.exact and counts[name]]
    if wrong:
        return False, f"{text}, but {', '.join(wrong)}"
    reasons = {record.reason for record in at_rest.quarantine if record.event_type in types}
    if expect.reasons is not None and reasons != expect.reasons:
        listed, expected = (", ".join(sorted(names)) or "none" for names in (reasons, expect.reasons))
        return False, f"{text}, by reason {listed}, expected {expected}"
    return True, text
