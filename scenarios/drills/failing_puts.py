"""Some records of a call fail inside Kinesis, and the first calls are throttled as a whole."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Point, Tag, When, look_when_merged

DRILL = Drill(
    name="failing-puts",
    hypothesis="A call that put only some of its records is completed, and none of them is at rest twice.",
    tags=(Tag.STREAMS,),
    nemeses=(
        Fault("failed", Point.KINESIS_PUT, Action.FAIL, {"stream": "*-processed"}, when=When(every=7)),
        Fault("all-refused", Point.KINESIS_PUT, Action.THROTTLE_ALL, {"stream": "*-raw"}, when=When(count=3)),
    ),
    during=look_when_merged("when they were completed", ALL_LANDED),
)
