"""S3 does not let the partitioner read chunks, and when it has written all parts of one not tag it as done."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Point, Tag, When, look_when_merged

DRILL = Drill(
    name="tag-outage",
    hypothesis="A chunk that may not be read or tagged is done again, to the same parts, without anybody's help.",
    tags=(Tag.FUNCTIONS, Tag.STORAGE),
    nemeses=(
        Fault(
            "no-chunk",
            Point.AWS_CALL,
            Action.ERROR_BEFORE,
            {"service": "s3", "operation": "GetObject", "key": "chunks/click/*"},
            when=When(count=1),
            parameters={"status": 403, "code": "AccessDenied"},
        ),
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
