"""The partitioner writes all parts of a chunk, and S3 does not let it tag the chunk as done."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Point, Tag, When, look_when_merged

DRILL = Drill(
    name="tag-outage",
    hypothesis="A chunk whose parts are written but which carries no tag is done again, to the same parts.",
    tags=(Tag.FUNCTIONS, Tag.STORAGE),
    nemeses=(
        Fault(
            "no-tag",
            Point.AWS_CALL,
            Action.ERROR_BEFORE,
            {"service": "s3", "operation": "PutObjectTagging", "key": "chunks/*"},
            when=When(count=6),
            parameters={"status": 403, "code": "AccessDenied"},
        ),
    ),
    during=look_when_merged("when it was done again", ALL_LANDED),
)
