"""Half of the chunks of impressions are only found when their hours have left the look-back, and back-filled twice.

The first time the planner puts the parts aside again while the back-fill is at work on them.
"""

from wavetank.scenarios.spec import (
    STOPPED,
    Action,
    BackFill,
    Drill,
    Expect,
    Fault,
    LetGo,
    Look,
    Point,
    Scheduled,
    Settle,
    Strike,
    Tag,
    Tick,
    When,
    look_when_merged,
)

READ = Fault(
    "slow-back-fill",
    Point.AWS_CALL,
    Action.HOLD_BEFORE,
    {"operation": "GetObject", "key": "parts/*", "caller": "backfill"},
    when=When(nth=frozenset({1})),
)

DRILL = Drill(
    name="beyond-the-look-back",
    hypothesis="Events that come after their hour has left the look-back are kept apart, and land when asked for.",
    tags=(Tag.SCHEDULE, Tag.NOTIFICATIONS),
    nemeses=(
        Fault("never-told", Point.S3_NOTIFICATION, Action.DROP, {"key": "chunks/impression/*"}, when=When(every=2)),
    ),
    during=(
        *look_when_merged("when their hours were merged", Expect("lost", at_least=1), precondition=True),
        Tick(Scheduled.REPLAYER),
        Settle(),
        Tick(Scheduled.PLANNER, later_hours=1),
        Look("an hour later", (Expect("late", at_least=1), Expect("lost", equals="absent"))),
        Strike(READ),
        BackFill(meanwhile=(Tick(Scheduled.PLANNER, but=STOPPED, later_hours=1), LetGo(READ.id))),
        Look("when a planner has put aside what a back-fill was about to merge", (Expect("lost", equals="absent"),)),
    ),
    after=(BackFill(),),
    alarms=("wavetank-impression-late",),
)
