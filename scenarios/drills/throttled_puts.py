"""Kinesis refuses a third of all records, of producers and of functions."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Point, Tag, When, look_when_merged

DRILL = Drill(
    name="throttled-puts",
    hypothesis="A record that was refused is put again, alone, until it is taken.",
    tags=(Tag.STREAMS, Tag.OUTAGE),
    nemeses=(Fault("refused", Point.KINESIS_PUT, Action.THROTTLE, when=When(probability=0.3)),),
    during=look_when_merged("record by record", ALL_LANDED),
)
