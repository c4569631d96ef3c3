"""S3 answers no call of any function."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    EVERY_TYPE,
    Action,
    Drill,
    Fault,
    Point,
    Scheduled,
    Settle,
    Tag,
    Tick,
    When,
    look_when_merged,
)

DRILL = Drill(
    name="s3-outage",
    hypothesis="While S3 does not answer events wait where they are, and none is lost or set aside.",
    tags=(Tag.STORAGE, Tag.OUTAGE),
    workload=EVERY_TYPE,
    nemeses=(
        Fault(
            "no-answer",
            Point.AWS_CALL,
            Action.ERROR_BEFORE,
            {"service": "s3", "caller": "wavetank-*"},
            when=When(count=24),
        ),
    ),
    during=(
        Settle(),
        Tick(Scheduled.REPLAYER),
        *look_when_merged("when it answered again", ALL_LANDED),
    ),
)
