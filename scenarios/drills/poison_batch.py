"""A function fails for every batch of one event type until the event source gives them up."""

from wavetank.scenarios.oracle.promises import GIVE_UP_AFTER
from wavetank.scenarios.spec import (
    EVERY_TYPE,
    Action,
    Advance,
    Drill,
    Expect,
    Fault,
    Look,
    Point,
    Redrive,
    Scope,
    Stall,
    Tag,
    When,
    look_when_merged,
)

GIVE_UP_HOURS = GIVE_UP_AFTER.total_seconds() / 3600

DRILL = Drill(
    name="poison-batch",
    hypothesis="Batches that the event source gives up are set aside with their bytes, and a re-drive lands them.",
    tags=(Tag.BASICS, Tag.RECORDS, Tag.FUNCTIONS, Tag.QUARANTINE),
    workload=EVERY_TYPE,
    nemeses=(
        Fault(
            "no-way-out",
            Point.AWS_CALL,
            Action.ERROR_BEFORE,
            {"service": "kinesis", "operation": "PutRecords", "resource": "wavetank-click-processed"},
            parameters={"status": 400, "code": "AccessDeniedException", "message": "not authorized"},
        ),
        Fault(
            "short-reads",
            Point.KINESIS_GET,
            Action.SHORT,
            {"caller": "wavetank-rescuer"},
            When(every=9),
            parameters={"records": 3},
        ),
        Fault(
            "empty-reads", Point.KINESIS_GET, Action.SHORT, {"caller": "wavetank-rescuer"}, parameters={"records": 0}
        ),
    ),
    during=(
        Stall(),
        Advance(hours=GIVE_UP_HOURS - 0.5),
        Stall(),
        Look("half an hour before", (Expect("quarantined", at_most=0), Expect("lost", Scope.VICTIM, at_least=1))),
        Advance(hours=1.5),
        *look_when_merged(
            "after the event source gave up",
            Expect("quarantined", Scope.VICTIM, equals="acknowledged", reasons=frozenset({"given-up"})),
            Expect("landed", Scope.OTHERS, equals="acknowledged"),
        ),
    ),
    after=(Redrive(),),
    stalls=True,
    sets_aside=("given-up",),
)
