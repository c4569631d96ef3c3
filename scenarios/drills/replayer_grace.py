"""No notification arrives; the replayer runs when no chunk is quite old enough, and when the last one just is."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    Action,
    Chunks,
    Drill,
    Expect,
    Fault,
    Point,
    Scheduled,
    Settle,
    Tag,
    Tick,
    look_when_merged,
)

DRILL = Drill(
    name="replayer-grace",
    hypothesis="A chunk is left to its notification for ten minutes, and announced again by the first run after.",
    tags=(Tag.NOTIFICATIONS, Tag.SCHEDULE),
    nemeses=(Fault("never-told", Point.S3_NOTIFICATION, Action.DROP, {"key": "chunks/*"}),),
    during=(
        Settle(),
        Tick(Scheduled.REPLAYER, chunks=Chunks.TOO_YOUNG),
        *look_when_merged("a second before", Expect("lost", equals="acknowledged")),
        Tick(Scheduled.REPLAYER, chunks=Chunks.OLD_ENOUGH),
        *look_when_merged("when they are old enough", ALL_LANDED),
    ),
)
