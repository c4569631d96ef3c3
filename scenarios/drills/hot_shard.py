"""All events have one partition key, so that one shard carries everything."""

from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.producer import HotShard
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="hot-shard",
    hypothesis="The partition key spreads the load and nothing else: what is at rest does not depend on it.",
    tags=(Tag.STREAMS,),
    nemeses=(HotShard(),),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("by one shard", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
