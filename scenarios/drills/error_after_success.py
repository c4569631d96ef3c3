"""Functions do all their work and then answer with an error."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Point, Tag, When, look_when_merged

DRILL = Drill(
    name="error-after-success",
    hypothesis="An error after the work was done makes it be done again, and nothing is at rest twice.",
    tags=(Tag.FUNCTIONS, Tag.DUPLICATES),
    nemeses=(
        Fault(
            "processor-denies",
            Point.LAMBDA_INVOKE,
            Action.ERROR_AFTER,
            {"function": "wavetank-*-processor"},
            when=When(every=2),
        ),
        Fault(
            "partitioner-denies",
            Point.LAMBDA_INVOKE,
            Action.ERROR_AFTER,
            {"function": "wavetank-partitioner"},
            when=When(every=3),
        ),
        Fault(
            "concatenator-denies",
            Point.LAMBDA_INVOKE,
            Action.ERROR_AFTER,
            {"function": "wavetank-concatenator"},
            when=When(count=2),
        ),
    ),
    during=look_when_merged("when it was done again", ALL_LANDED),
    alarms=("wavetank-concatenator-error-rate",),
    waits=True,
)
