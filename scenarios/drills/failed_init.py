"""Functions cannot be initialized, several times in a row."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Point, Tag, When, look_when_merged

DRILL = Drill(
    name="failed-init",
    hypothesis="What a function that did not start could not take waits, and is taken when one starts.",
    tags=(Tag.FUNCTIONS,),
    nemeses=(
        Fault(
            "processor-not-started",
            Point.LAMBDA_INVOKE,
            Action.INIT_ERROR,
            {"function": "wavetank-*-processor"},
            when=When(count=3),
        ),
        Fault(
            "partitioner-not-started",
            Point.LAMBDA_INVOKE,
            Action.INIT_ERROR,
            {"function": "wavetank-partitioner"},
            when=When(count=2),
        ),
    ),
    during=look_when_merged("when they started", ALL_LANDED),
)
