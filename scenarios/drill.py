"""A drill: a workload, a schedule of troubles and steps, and what is expected on the way; plain data.

The checkers at the end are the same for every drill: whatever happened, the data at rest is exactly right.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from scenarios.schedules import Step, Trouble


class Tag(StrEnum):
    """What a drill is about: the hop it strikes, or the kind of trouble; the basics are quick, and one of each kind."""

    DUPLICATES = "duplicates"
    NOTIFICATIONS = "notifications"
    SCHEMAS = "schemas"
    RECORDS = "records"
    FUNCTIONS = "functions"
    REFERENCE = "reference"
    QUARANTINE = "quarantine"
    OUTAGE = "outage"
    STREAMS = "streams"
    STORAGE = "storage"
    SCHEDULE = "schedule"
    BASICS = "basics"


@dataclass(frozen=True)
class Workload:
    """Which events flow: so many synthetic ones over so many hours, or the first ones of a mapped file.

    events: how many at most. hours: over how many hours of event time the synthetic ones spread. portions:
    they are sent in so many portions, each settled before the next, so that there are as many chunks of an
    event type. source and mapping: a file of newline JSON and the TOML file that says how to read it.
    """

    events: int = 240
    hours: int = 1
    portions: int = 2
    source: Path | None = None
    mapping: Path | None = None


@dataclass(frozen=True)
class Drill:
    """One failure drill.

    hypothesis: what it shows, in a sentence. troubles: set before the workload flows, healed after `witness`.
    witness: steps between the workload and the healing. recovery: steps between the healing and the final
    settle and ticks. victim: event type that a schema trouble strikes. stalls: the troubles hold batches up for as
    long as they last, so nothing settles between the portions. tags: what it is about, to choose drills by.
    """

    name: str
    hypothesis: str
    troubles: tuple[Trouble, ...] = ()
    witness: tuple[Step, ...] = ()
    recovery: tuple[Step, ...] = ()
    victim: str = "click"
    workload: Workload = Workload()
    stalls: bool = False
    tags: tuple[Tag, ...] = ()

    @property
    def is_control(self) -> bool:
        """Whether nothing goes wrong in it."""
        return not self.troubles
