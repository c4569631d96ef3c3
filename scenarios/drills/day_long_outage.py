"""A processor may not put what it has processed, for longer than its stream keeps records."""

from wavetank.scenarios.spec import (
    PROCESSORS,
    Action,
    Age,
    BackFill,
    Drill,
    Expect,
    Fault,
    Look,
    Point,
    Redrive,
    Scope,
    Settle,
    Tag,
    Workload,
)

DRILL = Drill(
    name="day-long-outage",
    hypothesis="What cannot be processed is given up, and set aside, before its stream forgets it.",
    tags=(Tag.AGE, Tag.STREAMS, Tag.QUARANTINE, Tag.OUTAGE),
    nemeses=(
        Fault(
            "no-way-out",
            Point.AWS_CALL,
            Action.ERROR_BEFORE,
            {"service": "kinesis", "operation": "PutRecords", "resource": "wavetank-click-processed"},
            parameters={"status": 400, "code": "AccessDeniedException", "message": "not authorized"},
        ),
    ),
    during=(
        Age(hours=27, but=PROCESSORS),
        Look(
            "when the stream had forgotten",
            (
                Expect("quarantined", Scope.VICTIM, equals="acknowledged", reasons=frozenset({"given-up"})),
                Expect("landed", Scope.OTHERS, equals="acknowledged"),
            ),
        ),
    ),
    after=(Redrive(), Settle(), BackFill()),
    stalls=True,
    sets_aside=("given-up",),
    alarms=None,
    workload=Workload(events=60, conversions=False),
    ages=True,
)
