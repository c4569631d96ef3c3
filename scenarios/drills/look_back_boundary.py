"""Events of more hours than one run of the planner looks back, half of whose chunks come late."""

from wavetank.scenarios.spec import Action, Drill, Expect, Fault, Point, Tag, When, Workload, look_when_merged

DRILL = Drill(
    name="look-back-boundary",
    hypothesis="Events on both sides of the look-back land, each by the run that reaches its hour.",
    tags=(Tag.SCHEDULE,),
    nemeses=(Fault("never-told", Point.S3_NOTIFICATION, Action.DROP, {"key": "chunks/*"}, when=When(every=2)),),
    during=look_when_merged("before the replayer ran", Expect("lost", at_least=1), precondition=True),
    workload=Workload(events=52, hours=14, conversions=False),
)
