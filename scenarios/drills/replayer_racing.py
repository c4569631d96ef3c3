"""The replayer announces chunks whose own notifications are still on their way."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    HELD_BACK,
    Action,
    Advance,
    Drill,
    Fault,
    Look,
    Point,
    Scheduled,
    Settle,
    Stall,
    Tag,
    Tick,
)

DRILL = Drill(
    name="replayer-racing",
    hypothesis="A chunk announced by the replayer before its notification arrives is done twice, to the same parts.",
    tags=(Tag.NOTIFICATIONS, Tag.DUPLICATES),
    nemeses=(
        Fault("told-late", Point.S3_NOTIFICATION, Action.DELAY, {"key": "chunks/*"}, parameters={"delay_s": 600}),
    ),
    during=(
        Stall(on=HELD_BACK),
        Tick(Scheduled.REPLAYER),
        Stall(on=HELD_BACK),
        Tick(Scheduled.PLANNER, but=HELD_BACK),
        Look("before the originals came", (ALL_LANDED,)),
        Advance(hours=1),
        Settle(),
        Tick(Scheduled.PLANNER),
    ),
    stalls=True,
)
