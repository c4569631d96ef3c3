"""Two days of events, each sent when its time has come; half of the chunks are found by the replayer alone."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Age, Drill, Fault, Look, Point, Tag, When, Workload

DRILL = Drill(
    name="two-days",
    hypothesis="By the schedules as they are deployed every event is merged within four hours, on both days.",
    tags=(Tag.AGE, Tag.SCHEDULE),
    nemeses=(Fault("never-told", Point.S3_NOTIFICATION, Action.DROP, {"key": "chunks/*"}, when=When(every=2)),),
    workload=Workload(events=24, hours=48, portions=8, conversions=False),
    during=(Age(hours=4), Look("four hours after the last", (ALL_LANDED,))),
    ages=True,
)
