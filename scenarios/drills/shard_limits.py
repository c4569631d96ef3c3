"""Each shard takes a hundredth of what it takes on AWS, less than producers and processors put on it."""

from wavetank.scenarios.spec import ALL_LANDED, Drill, Limit, LimitEnforced, Tag, look_when_merged

DRILL = Drill(
    name="shard-limits",
    hypothesis="A record that a full shard refuses is put again until a second has room for it.",
    tags=(Tag.STREAMS, Tag.LIMITS),
    nemeses=(LimitEnforced(Limit.SHARD_LIMITS, 10, "small-shards"),),
    during=look_when_merged("through small shards", ALL_LANDED),
    waits=True,
)
