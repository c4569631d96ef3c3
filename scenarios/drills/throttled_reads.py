"""Readers of the streams are refused, again and again."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Point, Tag, When, look_when_merged

DRILL = Drill(
    name="throttled-reads",
    hypothesis="A reader that was refused reads the same records later.",
    tags=(Tag.STREAMS,),
    nemeses=(
        Fault("source-refused", Point.KINESIS_GET, Action.THROTTLE, {"reader": "event-source"}, when=When(every=2)),
        Fault("delivery-refused", Point.KINESIS_GET, Action.THROTTLE, {"reader": "firehose"}, when=When(every=2)),
    ),
    during=look_when_merged("with refused readers", ALL_LANDED),
    waits=True,
)
