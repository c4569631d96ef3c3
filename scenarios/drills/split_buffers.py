"""Firehose cuts its buffers behind every fifth record."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Point, Tag, When, look_when_merged

DRILL = Drill(
    name="split-buffers",
    hypothesis="How events are divided into chunks makes no difference to a byte at rest.",
    tags=(Tag.STORAGE,),
    nemeses=(Fault("cut", Point.FIREHOSE_BUFFER, Action.SPLIT, when=When(every=5)),),
    during=look_when_merged("in small chunks", ALL_LANDED),
)
