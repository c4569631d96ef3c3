"""A share of the S3 notifications never arrives; the replayer finds the chunks that are not done."""

from wavetank.scenarios.spec import EVERY_TYPE, Action, Drill, Expect, Fault, Point, Tag, When, look_when_merged

DRILL = Drill(
    name="dropped-notifications",
    hypothesis="A chunk whose notification was lost lands after the next run of the replayer.",
    tags=(Tag.BASICS, Tag.NOTIFICATIONS),
    workload=EVERY_TYPE,
    nemeses=(Fault("never-told", Point.S3_NOTIFICATION, Action.DROP, {"key": "chunks/*"}, when=When(probability=0.5)),),
    during=look_when_merged("missing before the replayer ran", Expect("lost", at_least=1), precondition=True),
    converges_within_s=120,
)
