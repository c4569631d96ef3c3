"""The producer is told that its records were not taken, when they were, and sends them again."""

from wavetank.scenarios.spec import Action, Drill, Fault, Point, Tag, When

DRILL = Drill(
    name="producer-retry",
    hypothesis="A producer that cannot know if its records were taken sends them again; each event is at rest once.",
    tags=(Tag.DUPLICATES, Tag.STREAMS),
    nemeses=(
        Fault(
            "answer-lost",
            Point.AWS_CALL,
            Action.ERROR_AFTER,
            {"service": "kinesis", "operation": "PutRecords", "resource": "*-raw"},
            when=When(every=2),
        ),
    ),
)
