"""The partitioner may not read chunks of clicks, however often they are announced."""

from wavetank.scenarios.spec import (
    MINUTE,
    Action,
    Advance,
    Drill,
    Expect,
    Fault,
    Point,
    Scheduled,
    Scope,
    Stall,
    Tag,
    Tick,
    Unfinished,
    look_when_merged,
)

PARTITIONER = Unfinished.of("wavetank-partitioner")

DRILL = Drill(
    name="unpartitioned-chunks",
    hypothesis="Chunks that stay undone though they are announced again are told of, and land when they can be read.",
    tags=(Tag.STORAGE, Tag.NOTIFICATIONS, Tag.OUTAGE, Tag.ALARMS),
    nemeses=(
        Fault(
            "no-chunk",
            Point.AWS_CALL,
            Action.ERROR_BEFORE,
            {"service": "s3", "operation": "GetObject", "key": "chunks/click/*"},
            parameters={"status": 403, "code": "AccessDenied"},
        ),
    ),
    during=(
        Stall(PARTITIONER),
        *(Advance(hours=20 * MINUTE), Tick(Scheduled.REPLAYER, but=PARTITIONER), Stall(PARTITIONER)) * 5,
        *look_when_merged(
            "when they had been announced five times",
            Expect("lost", Scope.VICTIM, equals="acknowledged"),
            Expect("landed", Scope.OTHERS, equals="acknowledged"),
            precondition=True,
        ),
    ),
    stalls=True,
    alarms=("wavetank-click-chunks-waiting",),
)
