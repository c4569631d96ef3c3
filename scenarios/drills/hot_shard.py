"""All events have one partition key, so that one shard carries everything."""

from wavetank.scenarios.spec import ALL_LANDED, Drill, HotShard, Tag, look_when_merged

DRILL = Drill(
    name="hot-shard",
    hypothesis="The partition key spreads the load and nothing else: what is at rest does not depend on it.",
    tags=(Tag.STREAMS,),
    nemeses=(HotShard(),),
    during=look_when_merged("by one shard", ALL_LANDED),
)
