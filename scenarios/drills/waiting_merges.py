"""S3 does not let the concatenator write what is of clicks, and their merges come again."""

from wavetank.scenarios.spec import (
    HIDDEN_MESSAGES,
    MINUTE,
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
    name="waiting-merges",
    hypothesis="Merges that wait for longer than one failed attempt takes are told of, before they are given up.",
    tags=(Tag.SCHEDULE, Tag.STORAGE, Tag.OUTAGE, Tag.ALARMS),
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
        *(Advance(hours=2), Stall(on=HIDDEN_MESSAGES)),
        *(Advance(hours=5 * MINUTE), Stall(on=HIDDEN_MESSAGES)) * 4,
        Look(
            "when they had waited for two hours",
            (
                Expect("lost", Scope.VICTIM, equals="acknowledged"),
                Expect("landed", Scope.OTHERS, equals="acknowledged"),
            ),
            precondition=True,
        ),
    ),
    alarms=("wavetank-merges-waiting",),
)
