"""Half of the chunks are only found when their hours have left the look-back; a back-fill is asked for."""

from wavetank.scenarios.spec import (
    Action,
    BackFill,
    Drill,
    Expect,
    Fault,
    Look,
    Point,
    Scheduled,
    Settle,
    Tag,
    Tick,
    When,
    look_when_merged,
)

DRILL = Drill(
    name="beyond-the-look-back",
    hypothesis="Events that come after their hour has left the look-back are kept apart, and land when asked for.",
    tags=(Tag.SCHEDULE, Tag.NOTIFICATIONS),
    nemeses=(Fault("never-told", Point.S3_NOTIFICATION, Action.DROP, {"key": "chunks/*"}, when=When(every=2)),),
    during=(
        *look_when_merged("when their hours were merged", Expect("lost", at_least=1), precondition=True),
        Tick(Scheduled.REPLAYER),
        Settle(),
        Tick(Scheduled.PLANNER, later_hours=1),
        Look("an hour later", (Expect("late", at_least=1), Expect("lost", equals="absent"))),
    ),
    after=(BackFill(),),
)
