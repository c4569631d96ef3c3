"""S3 does not let the concatenator write what is of clicks, until the queue gives their partitions up."""

from wavetank.scenarios.oracle.promises import MERGE_ATTEMPTS
from wavetank.scenarios.spec import (
    HIDDEN_MESSAGES,
    Action,
    Advance,
    Drill,
    Expect,
    Fault,
    Look,
    Point,
    Scheduled,
    Scope,
    Settle,
    Stall,
    Tag,
    Tick,
)

DRILL = Drill(
    name="unmergeable-partitions",
    hypothesis="A partition that was given up rings an alarm, and is merged by the next run that can.",
    tags=(Tag.SCHEDULE, Tag.STORAGE, Tag.OUTAGE),
    nemeses=(
        Fault(
            "not-allowed",
            Point.AWS_CALL,
            Action.ERROR_BEFORE,
            {"service": "s3", "operation": "PutObject", "key": "avro/event=click/*", "caller": "wavetank-concatenator"},
            parameters={"status": 403, "code": "AccessDenied"},
        ),
    ),
    during=(
        Settle(),
        Tick(Scheduled.PLANNER, but=HIDDEN_MESSAGES),
        *(Advance(hours=1.6), Stall(on=HIDDEN_MESSAGES)) * MERGE_ATTEMPTS,
        Look(
            "when they were given up",
            (
                Expect("lost", Scope.VICTIM, equals="acknowledged"),
                Expect("landed", Scope.OTHERS, equals="acknowledged"),
            ),
            precondition=True,
        ),
    ),
    alarms=("wavetank-merges-dead",),
)
