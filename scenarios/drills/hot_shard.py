"""All events have one partition key, so that one shard carries everything."""

from wavetank.scenarios.spec import ALL_LANDED, Drill, HotShard, Look, Scheduled, Settle, Tag, Tick

DRILL = Drill(
    name="hot-shard",
    hypothesis="The partition key spreads the load and nothing else: what is at rest does not depend on it.",
    tags=(Tag.STREAMS,),
    nemeses=(HotShard(),),
    during=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("by one shard", (ALL_LANDED,)),
    ),
)
