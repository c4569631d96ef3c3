"""Half of the chunks are only found when their hours were merged hours ago."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    Action,
    Advance,
    Drill,
    Expect,
    Fault,
    Point,
    Scheduled,
    Tag,
    Tick,
    When,
    look_when_merged,
)

DRILL = Drill(
    name="late-data",
    hypothesis="Events that come late within the look-back are merged into the files that were there before them.",
    tags=(Tag.SCHEDULE, Tag.NOTIFICATIONS),
    nemeses=(Fault("never-told", Point.S3_NOTIFICATION, Action.DROP, {"key": "chunks/*"}, when=When(every=2)),),
    during=(
        *look_when_merged("when their hours were merged", Expect("lost", at_least=1), precondition=True),
        Advance(hours=2),
        Tick(Scheduled.REPLAYER),
        *look_when_merged("hours later", ALL_LANDED),
    ),
)
