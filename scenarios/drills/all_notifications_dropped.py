"""For ten minutes no S3 notification arrives at all."""

from wavetank.scenarios.spec import Action, Advance, Drill, Expect, Fault, Look, Point, Scheduled, Settle, Tag, Tick

DRILL = Drill(
    name="all-notifications-dropped",
    hypothesis="When nobody was told of any chunk for ten minutes the next run of the replayer makes up for it.",
    tags=(Tag.NOTIFICATIONS, Tag.OUTAGE),
    nemeses=(Fault("never-told", Point.S3_NOTIFICATION, Action.DROP, {"key": "chunks/*"}),),
    during=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Advance(hours=1 / 6),
        Settle(),
        Look("nobody was told", (Expect("lost", equals="acknowledged"),), precondition=True),
    ),
)
