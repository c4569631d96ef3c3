"""For ten minutes nothing runs: no consumer reads, and no schedule ticks."""

from wavetank.scenarios.spec import (
    EVERY_TYPE,
    Advance,
    ConsumersStopped,
    Drill,
    Expect,
    Scheduled,
    Tag,
    TicksMissed,
    look_when_merged,
)

DRILL = Drill(
    name="everything-off",
    hypothesis="When everything was off for ten minutes and comes back, all that was acknowledged meanwhile lands.",
    tags=(Tag.OUTAGE,),
    workload=EVERY_TYPE,
    nemeses=(ConsumersStopped(every_type=True), TicksMissed(Scheduled.PLANNER)),
    during=(
        Advance(hours=1 / 6),
        *look_when_merged("while everything was off", Expect("lost", equals="acknowledged"), precondition=True),
    ),
    stalls=True,
)
