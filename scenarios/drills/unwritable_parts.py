"""The partitioner may not write the parts of clicks, however often it is told of a chunk, until that is mended."""

from wavetank.scenarios.spec import Action, Drill, Expect, Fault, Point, Scope, Tag, look_when_merged

DRILL = Drill(
    name="unwritable-parts",
    hypothesis="A chunk whose parts could not be written is not marked done, and the replayer has it done later.",
    tags=(Tag.STORAGE, Tag.NOTIFICATIONS, Tag.OUTAGE),
    nemeses=(
        Fault(
            "not-allowed",
            Point.AWS_CALL,
            Action.ERROR_BEFORE,
            {"service": "s3", "operation": "PutObject", "key": "parts/event=click/*", "caller": "wavetank-partitioner"},
            parameters={"status": 403, "code": "AccessDenied"},
        ),
    ),
    during=look_when_merged(
        "while they could not be written",
        Expect("lost", Scope.VICTIM, equals="acknowledged"),
        Expect("landed", Scope.OTHERS, equals="acknowledged"),
        precondition=True,
    ),
)
