"""Functions are killed for their memory before they can answer."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Point, Tag, When, look_when_merged

DRILL = Drill(
    name="out-of-memory",
    hypothesis="A batch whose function was killed for its memory comes again, and nothing is at rest twice.",
    tags=(Tag.FUNCTIONS,),
    nemeses=(
        Fault(
            "processor-killed",
            Point.LAMBDA_INVOKE,
            Action.OUT_OF_MEMORY,
            {"function": "wavetank-*-processor"},
            when=When(count=3),
        ),
        Fault(
            "partitioner-killed",
            Point.LAMBDA_INVOKE,
            Action.OUT_OF_MEMORY,
            {"function": "wavetank-partitioner"},
            when=When(count=2),
        ),
    ),
    during=look_when_merged("when it was done again", ALL_LANDED),
)
