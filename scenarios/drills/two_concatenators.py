"""Two concatenators merge the same partitions at the same time, before and after more events came."""

from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.producer import ProducerRepeats
from wavetank.scenarios.spec.nemeses.ticks import TicksDoubled
from wavetank.scenarios.spec.steps import Expect, Look, SendAgain, Settle, Tick
from wavetank.scenarios.workload.workload import EVERY_TYPE

DRILL = Drill(
    name="two-concatenators",
    hypothesis="Of two concatenators at once one wins each file, and it is the one that knew all parts.",
    tags=(Tag.SCHEDULE,),
    workload=EVERY_TYPE,
    nemeses=(TicksDoubled(Scheduled.PLANNER), ProducerRepeats(share=0.1)),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("after both", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
        SendAgain(share=0.5),
        Settle(),
        Tick(Scheduled.PLANNER),
    ),
)
