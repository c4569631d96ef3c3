"""S3 writes what functions ask it to, and tells them that it did not."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Point, Tag, When, look_when_merged

DRILL = Drill(
    name="lost-answers",
    hypothesis="A write that took effect unnoticed is made again with the same key and the same bytes.",
    tags=(Tag.STORAGE, Tag.DUPLICATES),
    nemeses=(
        Fault(
            "answer-lost",
            Point.AWS_CALL,
            Action.ERROR_AFTER,
            {"service": "s3", "caller": "wavetank-*", "operation": "PutObject*"},
            when=When(every=2),
        ),
    ),
    during=look_when_merged("when written again", ALL_LANDED),
    waits=True,
)
