"""The schedule leaves out a run of the replayer and of the planner, while chunks wait for both."""

from wavetank.scenarios.spec import (
    Action,
    Drill,
    Expect,
    Fault,
    Point,
    Scheduled,
    Settle,
    Tag,
    Tick,
    TicksMissed,
    When,
    look_when_merged,
)

DRILL = Drill(
    name="missed-ticks",
    hypothesis="A run that was missed is made up for by the next, which looks back.",
    tags=(Tag.SCHEDULE, Tag.OUTAGE),
    nemeses=(
        TicksMissed(Scheduled.REPLAYER, id="replayer-missed"),
        TicksMissed(Scheduled.PLANNER, id="planner-missed"),
        Fault("never-told", Point.S3_NOTIFICATION, Action.DROP, {"key": "chunks/*"}, when=When(every=2)),
    ),
    during=(
        Settle(),
        Tick(Scheduled.REPLAYER),
        *look_when_merged("after the missed runs", Expect("lost", at_least=1), precondition=True),
    ),
)
