"""Readers of the streams are refused, again and again."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Look, Point, Scheduled, Settle, Tag, Tick, When

DRILL = Drill(
    name="throttled-reads",
    hypothesis="A reader that was refused reads the same records later.",
    tags=(Tag.STREAMS,),
    nemeses=(
        Fault("source-refused", Point.KINESIS_GET, Action.THROTTLE, {"reader": "event-source"}, When(every=2)),
        Fault("delivery-refused", Point.KINESIS_GET, Action.THROTTLE, {"reader": "firehose"}, When(every=2)),
    ),
    during=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("with refused readers", (ALL_LANDED,)),
    ),
    waits=True,
)
