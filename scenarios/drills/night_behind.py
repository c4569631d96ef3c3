"""One consumer stands still for a whole night, and some chunks wait for a replayer that does not run."""

from wavetank.scenarios.spec import (
    Action,
    Age,
    ConsumersStopped,
    Drill,
    Expect,
    Fault,
    Look,
    Point,
    Scope,
    Tag,
    When,
    Workload,
)

DRILL = Drill(
    name="night-behind",
    hypothesis="What is read, or found, seven hours late is merged by the next run, since its hour is looked back at.",
    tags=(Tag.AGE, Tag.STREAMS, Tag.NOTIFICATIONS, Tag.OUTAGE),
    nemeses=(
        ConsumersStopped(),
        Fault("never-told", Point.S3_NOTIFICATION, Action.DROP, {"key": "chunks/impression/*"}, when=When(every=2)),
        Fault("never-replayed", Point.SCHEDULE_TICK, Action.DROP, {"rule": "wavetank-replayer-*"}),
    ),
    during=(
        Age(hours=7),
        Look(
            "seven hours behind",
            (
                Expect("lost", Scope.VICTIM, equals="acknowledged"),
                Expect("lost", Scope.OTHERS, at_least=1),
                Expect("landed", Scope.OTHERS, at_least=1),
            ),
            precondition=True,
        ),
    ),
    stalls=True,
    workload=Workload(events=60, conversions=False),
    ages=True,
)
