"""Functions run out of time when their work is done, before they can say so."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Point, Tag, When, look_when_merged

DRILL = Drill(
    name="timeout-mid-batch",
    hypothesis="Work that was done in time nobody heard of is done again, and nothing is at rest twice.",
    tags=(Tag.FUNCTIONS, Tag.DUPLICATES),
    nemeses=(
        Fault(
            "processor-late",
            Point.LAMBDA_INVOKE,
            Action.TIMEOUT,
            {"function": "wavetank-*-processor"},
            when=When(count=3),
        ),
        Fault(
            "partitioner-late",
            Point.LAMBDA_INVOKE,
            Action.TIMEOUT,
            {"function": "wavetank-partitioner"},
            when=When(count=2),
        ),
    ),
    during=look_when_merged("when it was done again", ALL_LANDED),
)
