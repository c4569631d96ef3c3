"""A producer stamps conversions anew, further apart than the usual look-back and within that of their type."""

from datetime import timedelta

from wavetank.scenarios.oracle.promises import LOOK_BACK_HOURS
from wavetank.scenarios.spec import ALL_LANDED, Drill, Look, ProducerRevises, Scheduled, Settle, Tag, Tick, Workload

APART_HOURS = LOOK_BACK_HOURS + 6

DRILL = Drill(
    name="own-look-back",
    hypothesis="Copies as far apart as the look-back of their own event type are one event.",
    tags=(Tag.DUPLICATES, Tag.SCHEDULE, Tag.COMPONENTS),
    victim="conversion",
    nemeses=(ProducerRevises(share=1.0, later=timedelta(hours=APART_HOURS), victim_only=True),),
    during=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Tick(Scheduled.PLANNER, later_hours=APART_HOURS),
        Look("when both hours were merged", (ALL_LANDED,)),
    ),
    workload=Workload(events=500, component="own-settings"),
)
