"""For ten minutes nothing runs: no consumer reads, and no schedule ticks."""

from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.streams import ConsumersStopped
from wavetank.scenarios.spec.nemeses.ticks import TicksMissed
from wavetank.scenarios.spec.steps import Advance, Expect, Look, Settle, Tick
from wavetank.scenarios.workload.workload import EVERY_TYPE

DRILL = Drill(
    name="everything-off",
    hypothesis="When everything was off for ten minutes and comes back, all that was acknowledged meanwhile lands.",
    tags=(Tag.OUTAGE,),
    workload=EVERY_TYPE,
    nemeses=(ConsumersStopped(everybody=True), TicksMissed(Scheduled.PLANNER)),
    witness=(
        Advance(hours=1 / 6),
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("while everything was off", (Expect("lost", equals="acknowledged"),), premise=True),
    ),
    stalls=True,
)
