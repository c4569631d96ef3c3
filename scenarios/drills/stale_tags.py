"""The replayer does not see the tags of chunks that are done."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    Action,
    Drill,
    Fault,
    Point,
    Scheduled,
    Settle,
    Tag,
    Tick,
    look_when_merged,
)

DRILL = Drill(
    name="stale-tags",
    hypothesis="Chunks that are taken for undone are done again, to the same parts.",
    tags=(Tag.STORAGE, Tag.DUPLICATES),
    nemeses=(
        Fault(
            "old-tags",
            Point.S3_READ,
            Action.STALE,
            {"operation": "GetObjectTagging", "caller": "wavetank-replayer"},
            parameters={"lag_s": 86400},
        ),
    ),
    during=(
        Settle(),
        Tick(Scheduled.REPLAYER),
        *look_when_merged("when done again", ALL_LANDED),
    ),
)
