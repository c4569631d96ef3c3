"""Every S3 notification comes ten minutes late, after the planner ran."""

from wavetank.scenarios.spec import HELD_BACK, Action, Drill, Expect, Fault, Look, Point, Scheduled, Stall, Tag, Tick

DRILL = Drill(
    name="delayed-notifications",
    hypothesis="Chunks that are announced late land with the next run of the planner.",
    tags=(Tag.NOTIFICATIONS, Tag.SCHEDULE),
    nemeses=(
        Fault("told-late", Point.S3_NOTIFICATION, Action.DELAY, {"key": "chunks/*"}, parameters={"delay_s": 600}),
    ),
    during=(
        Stall(on=HELD_BACK),
        Tick(Scheduled.PLANNER, but=HELD_BACK),
        Look("while they were held back", (Expect("lost", at_least=1),), precondition=True),
    ),
    stalls=True,
)
