"""The schedule starts every run of the replayer twice at the same time."""

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
    TicksDoubled,
    When,
    look_when_merged,
)

DRILL = Drill(
    name="doubled-ticks",
    hypothesis="Two runs of the replayer at once announce chunks twice, and their parts stay the same.",
    tags=(Tag.SCHEDULE, Tag.DUPLICATES),
    nemeses=(
        TicksDoubled(Scheduled.REPLAYER),
        Fault("never-told", Point.S3_NOTIFICATION, Action.DROP, {"key": "chunks/*"}, when=When(every=2)),
    ),
    during=(
        Settle(),
        Tick(Scheduled.REPLAYER),
        *look_when_merged("after both", ALL_LANDED),
    ),
)
