"""Copies come whose times are a look-back earlier than those of the copies that were merged, and merging breaks off."""

from datetime import timedelta

from wavetank.scenarios.oracle.promises import LOOK_BACK_HOURS
from wavetank.scenarios.spec import (
    ALL_LANDED,
    Action,
    BackFill,
    Drill,
    Expect,
    Fault,
    LetGo,
    Look,
    Point,
    PortionsWithheld,
    ProducerRevises,
    Scheduled,
    SendPortion,
    Settle,
    Strike,
    Tag,
    Tick,
    When,
    Workload,
    look_when_merged,
)

LAST_HOUR = "avro/*/hour=10/*"
"""The workload begins at 22:00."""

HALF_MERGED = Fault(
    "half-merged",
    Point.AWS_CALL,
    Action.CRASH_BEFORE,
    {"operation": "PutObject", "key": LAST_HOUR, "caller": "wavetank-concatenator"},
    When(nth=frozenset({1})),
)

DRILL = Drill(
    name="earlier-copies",
    hypothesis="A copy that is earlier takes the place of those in all hours in reach, also where merging breaks off.",
    tags=(Tag.DUPLICATES, Tag.SCHEDULE, Tag.FUNCTIONS),
    nemeses=(
        PortionsWithheld(sent=0),
        ProducerRevises(share=0.5, later=timedelta(hours=LOOK_BACK_HOURS)),
    ),
    during=(
        *look_when_merged("when the later ones were merged", ALL_LANDED),
        Strike(HALF_MERGED),
        SendPortion(1),
        *look_when_merged("when the earlier ones came", ALL_LANDED),
        LetGo(HALF_MERGED.id),
        SendPortion(2),
        Settle(),
        Tick(Scheduled.PLANNER, later_hours=1),
        Look("when others came too late", (Expect("late", at_least=1),), precondition=True),
        BackFill(first_hour=True),
        Look("when these were asked for", (ALL_LANDED,)),
    ),
    alarms=("wavetank-click-late", "wavetank-impression-late"),
    workload=Workload(events=60, conversions=False),
)
