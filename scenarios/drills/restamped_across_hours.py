"""A producer that tries again stamps its events anew, as much later as the look-back is long."""

from datetime import timedelta

from wavetank.scenarios.oracle.promises import LOOK_BACK_HOURS
from wavetank.scenarios.spec import ALL_LANDED, Drill, Look, ProducerRevises, Scheduled, Settle, Tag, Tick

DRILL = Drill(
    name="restamped-across-hours",
    hypothesis="Of an id with times in two hours of the look-back the earliest copy stays, and in the other hour none.",
    tags=(Tag.DUPLICATES, Tag.SCHEDULE),
    nemeses=(ProducerRevises(share=0.3, later=timedelta(hours=LOOK_BACK_HOURS)),),
    during=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Tick(Scheduled.PLANNER, later_hours=1),
        Look("when both hours were merged", (ALL_LANDED,)),
        Tick(Scheduled.PLANNER, later_hours=2),
        Look("when the earlier hour is on a date before all that are looked back at", (ALL_LANDED,)),
    ),
)
