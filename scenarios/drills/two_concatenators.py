"""Two concatenators merge the same partitions at the same time, before and after more events came."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    EVERY_TYPE,
    Drill,
    ProducerRepeats,
    Scheduled,
    SendAgain,
    Settle,
    Tag,
    Tick,
    TicksDoubled,
    look_when_merged,
)

DRILL = Drill(
    name="two-concatenators",
    hypothesis="Of two concatenators at once one wins each file, and it is the one that knew all parts.",
    tags=(Tag.SCHEDULE,),
    workload=EVERY_TYPE,
    nemeses=(TicksDoubled(Scheduled.PLANNER), ProducerRepeats(share=0.1)),
    during=(
        *look_when_merged("after both", ALL_LANDED),
        SendAgain(share=0.5),
        Settle(),
        Tick(Scheduled.PLANNER),
    ),
)
