"""Lambda refuses to run functions, again and again."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Point, Tag, When, look_when_merged

DRILL = Drill(
    name="throttled-function",
    hypothesis="A batch that Lambda does not let run waits on its stream, and a notification in its queue.",
    tags=(Tag.FUNCTIONS, Tag.OUTAGE),
    nemeses=(
        Fault(
            "processor-refused",
            Point.LAMBDA_INVOKE,
            Action.THROTTLE,
            {"function": "wavetank-*-processor"},
            when=When(count=8),
        ),
        Fault(
            "partitioner-refused",
            Point.LAMBDA_INVOKE,
            Action.THROTTLE,
            {"function": "wavetank-partitioner"},
            when=When(count=4),
        ),
    ),
    during=look_when_merged("when they were let run", ALL_LANDED),
)
