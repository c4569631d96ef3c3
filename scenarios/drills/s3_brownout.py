"""S3 fails a tenth of the calls of functions."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
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
    name="s3-brownout",
    hypothesis="Calls that fail are made again, whichever they are.",
    tags=(Tag.STORAGE, Tag.OUTAGE),
    nemeses=(
        Fault(
            "slow-down",
            Point.AWS_CALL,
            Action.ERROR_BEFORE,
            {"service": "s3", "caller": "wavetank-*"},
            when=When(probability=0.1),
        ),
    ),
    during=(
        Settle(),
        Tick(Scheduled.REPLAYER),
        *look_when_merged("call by call", ALL_LANDED),
    ),
    waits=True,
)
