"""Two concatenators merge the same partitions at the same time, before and after more events came."""

from wavetank.scenarios.spec.drill import EVERY_TYPE, Drill, Tag
from wavetank.scenarios.spec.schedules import (
    Expect,
    Look,
    ProducerRepeats,
    Scheduled,
    SendAgain,
    Settle,
    Tick,
    TicksDoubled,
)

DRILL = Drill(
    name="two-concatenators",
    hypothesis="Of two concatenators at once one wins each file, and it is the one that knew all parts.",
    tags=(Tag.SCHEDULE,),
    workload=EVERY_TYPE,
    troubles=(TicksDoubled(Scheduled.PLANNER), ProducerRepeats(share=0.1)),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("after both", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
        SendAgain(share=0.5),
        Settle(),
        Tick(Scheduled.PLANNER),
    ),
)
