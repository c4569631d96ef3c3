"""What goes wrong in a drill, what is done about it and when: plain data, carried out by the runner.

A trouble is set up before the workload flows and healed before the final reads. A step is something the drill
does on the way: it lets things settle, runs a scheduled function, looks, or puts quarantined records back.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from wavetank.emulator.faults.model import Fault
from wavetank.scenarios.oracle.at_rest import HOUR_US

LOOK_BACK_HOURS = 12
"""So many hours up to its `time` the planner has merged in one run."""

HOUR = datetime.timedelta(hours=1)
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
FIRST_HOUR = (datetime.datetime.min.replace(tzinfo=datetime.UTC) - EPOCH) // HOUR
LAST_HOUR = (datetime.datetime.max.replace(tzinfo=datetime.UTC) - EPOCH) // HOUR
"""The hours since the epoch that have a date, from the year 1 to the year 9999; those before 1970 are negative."""


@dataclass(frozen=True)
class ProducerRepeats:
    """The producer sends a share of its events a second time, as one does whose first answer was lost."""

    share: float
    id: str = "producer-repeats"


@dataclass(frozen=True)
class ProducerRevises:
    """The producer sends a share of its events a second time with a later time, as a correction of the first."""

    share: float
    later: datetime.timedelta = datetime.timedelta(seconds=1)
    id: str = "producer-revises"


@dataclass(frozen=True)
class SchemaOverwritten:
    """The raw schema object of the victim is overwritten with another schema, and the functions start anew.

    Healing writes the right schema back and starts nothing anew: a function looks up a schema that it does not
    know whenever it meets one.
    """

    id: str = "schema-overwritten"


@dataclass(frozen=True)
class ProducerAhead:
    """The producer of the victim writes with a new version of its raw schema: one more optional field.

    published: the version is in the registry before it does; otherwise `PublishAhead` puts it there. portions: only
    in every so manieth portion, beginning with the first; in the others it is rolled back to the version before.
    share: of these portions only so much, the rest beside it in the old version.
    """

    published: bool
    portions: int = 1
    share: float = 1.0
    id: str = "producer-ahead"


class Damage(StrEnum):
    """What is wrong with a copy of an event: its last byte, its end, or its size."""

    FLIPPED = "flipped"
    TRUNCATED = "truncated"
    OVERSIZE = "oversize"


@dataclass(frozen=True)
class CorruptCopies:
    """Of a share of the victim's events a second copy is sent with some `damage`.

    By turns to the raw stream and, as a frame in a chunk, to the processed one.
    """

    share: float
    damage: Damage = Damage.FLIPPED
    id: str = "corrupt-copies"


@dataclass(frozen=True)
class Aggregated:
    """The victim's events come packed as by the Kinesis Producer Library, a damaged one in each record."""

    size: int = 10
    id: str = "aggregated"


@dataclass(frozen=True)
class HotShard:
    """Every event has one and the same partition key."""

    id: str = "hot-shard"


@dataclass(frozen=True)
class Resharded:
    """Both streams of the victim are split in twice as many shards and merged again, by turns, under load."""

    id: str = "resharded"


@dataclass(frozen=True)
class ConsumersStopped:
    """The event sources of the processors are switched off: the victim's, or everybody's."""

    everybody: bool = False
    id: str = "consumers-stopped"


@dataclass(frozen=True)
class BadDeploy:
    """The victim's processor is deployed with a handler that is not there; healing rolls it back."""

    id: str = "bad-deploy"


@dataclass(frozen=True)
class ReferenceBroken:
    """The reference data are missing, or only half of their bytes are there."""

    missing: bool
    id: str = "reference-broken"


@dataclass(frozen=True)
class ReferenceRenewed:
    """Newer reference data are published: every row has other values, and there are rows for more keys.

    The values are such that a copy that was enriched with them is the larger one, so that the other one stays.
    """

    id: str = "reference-renewed"


@dataclass(frozen=True)
class IncompatiblePublished:
    """Past all checks a raw version of the victim is published in which the event time is a text."""

    id: str = "incompatible-published"


class Scheduled(StrEnum):
    """A function that runs on a schedule."""

    REPLAYER = "replayer"
    PLANNER = "planner"


@dataclass(frozen=True)
class TicksMissed:
    """The first `count` ticks of a scheduled function while the troubles last are never sent."""

    function: Scheduled
    count: int = 1
    id: str = "ticks-missed"


@dataclass(frozen=True)
class TicksDoubled:
    """Every tick of a scheduled function while the troubles last is sent twice at the same time."""

    function: Scheduled
    id: str = "ticks-doubled"


@dataclass(frozen=True)
class ColdStart:
    """Every function starts anew, with nothing cached."""

    id: str = "cold-start"


@dataclass(frozen=True)
class ContainerPaused:
    """The stack's container is frozen for so many seconds while the producer feeds the last portion."""

    seconds: float = 4.0
    id: str = "container-paused"


@dataclass(frozen=True)
class ContainerCut:
    """The stack's container is off its network for so many seconds while the producer feeds the last portion."""

    seconds: float = 4.0
    id: str = "container-cut"


@dataclass(frozen=True)
class ContainerKilled:
    """The stack's container is killed while the producer feeds the last portion, and started with nothing in it."""

    id: str = "container-killed"


@dataclass(frozen=True)
class MemoryReached:
    """While the last portion flows the stack's container may take only so many bytes more, and is killed for it."""

    spare: int = 1 << 20
    id: str = "memory-reached"


OfProducer = ProducerRepeats | ProducerRevises | ProducerAhead | CorruptCopies | Aggregated | HotShard
OfSite = SchemaOverwritten | ColdStart | Resharded | ConsumersStopped | BadDeploy
OfRegistry = ReferenceBroken | ReferenceRenewed | IncompatiblePublished
OfSchedule = TicksMissed | TicksDoubled
OfContainer = ContainerPaused | ContainerCut | ContainerKilled | MemoryReached
Trouble = Fault | OfProducer | OfSite | OfRegistry | OfSchedule | OfContainer


class Scope(StrEnum):
    """Which event types an expectation is about; the victim is the one whose schema is overwritten."""

    ALL = "all"
    VICTIM = "victim"
    OTHERS = "others"


@dataclass(frozen=True)
class Expect:
    """A count of the ledger, summed over `scope`: at least so many, or equal to another count.

    reasons: the quarantine reasons of the scope are exactly these.
    """

    count: str
    scope: Scope = Scope.ALL
    at_least: int | None = None
    equals: str | None = None
    reasons: frozenset[str] | None = None


@dataclass(frozen=True)
class Settle:
    """Wait until nothing is in flight."""


@dataclass(frozen=True)
class Tick:
    """Run a scheduled function for every time that the workload needs, and wait for what comes of it.

    but: the wait ends when nothing is in flight but what has this in its description; empty for everything.
    later_hours: it runs as of so many hours later.
    """

    function: Scheduled
    but: str = ""
    later_hours: int = 0


@dataclass(frozen=True)
class Look:
    """Draw up the ledger now and compare it.

    premise: what is expected is the harm done by the faults, so without it the drill shows nothing
    (inconclusive); otherwise it is a promise of the pipeline (fail).
    """

    name: str
    expect: tuple[Expect, ...]
    premise: bool = False


@dataclass(frozen=True)
class Redrive:
    """Put the original bytes of every quarantined record back on its raw stream."""


@dataclass(frozen=True)
class PublishAhead:
    """Put the schema that the victim's producer is ahead with in the registry."""


@dataclass(frozen=True)
class SendAgain:
    """The producer sends a share of all events again."""

    share: float


@dataclass(frozen=True)
class Redeliver:
    """Put the records that Firehose could not deliver, and wrote to its error prefix, back on their stream."""


@dataclass(frozen=True)
class BackFill:
    """Merge what has changed in all hours, whatever their age, and what came too late for them."""


@dataclass(frozen=True)
class Stall:
    """Wait until nothing is in flight but what `on` names: what the victim's processor cannot get done, if empty."""

    on: str = ""


@dataclass(frozen=True)
class Advance:
    """Move emulator time on."""

    hours: float


Step = Settle | Tick | Look | Redrive | SendAgain | Redeliver | BackFill | PublishAhead | Stall | Advance


def planner_times(event_times_us: Iterable[int]) -> list[datetime.datetime]:
    """The fewest `time`s (UTC) of scheduled events whose look-backs together cover every hour with an event.

    They are at half past, so that on which side of the look-back an edge falls makes no difference. No time is
    outside the years 1 to 9999, whatever the events say.
    """
    hours = sorted({min(max(time_us // HOUR_US, FIRST_HOUR), LAST_HOUR) for time_us in event_times_us})
    times: list[datetime.datetime] = []
    covered_to: int | None = None
    for hour in hours:
        if covered_to is None or hour > covered_to:
            covered_to = min(hour + LOOK_BACK_HOURS - 1, LAST_HOUR)
            times.append(EPOCH + covered_to * HOUR + HOUR / 2)
    return times


def covered_hours(times: Iterable[datetime.datetime]) -> frozenset[int]:
    """Starts of the hours (µs since the epoch) that runs of the concatenator at `times` surely merge."""
    return frozenset(((time - EPOCH) // HOUR - back) * HOUR_US for time in times for back in range(LOOK_BACK_HOURS))
