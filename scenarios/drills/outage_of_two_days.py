"""A processor may not put what it has processed for two days; the stage is in outage mode from its seventh hour on."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    PROCESSORS,
    Action,
    Age,
    BeginOutage,
    Drill,
    EndOutage,
    Expect,
    Fault,
    Look,
    Point,
    PortionsWithheld,
    Scope,
    SendPortion,
    Tag,
    Workload,
)

HOURS = 48
PORTIONS = 8

DRILL = Drill(
    name="outage-of-two-days",
    hypothesis="In outage mode nothing is given up, forgotten or late in an outage that outlasts the look-back.",
    tags=(Tag.AGE, Tag.STREAMS, Tag.SCHEDULE, Tag.OUTAGE),
    nemeses=(
        Fault(
            "no-way-out",
            Point.AWS_CALL,
            Action.ERROR_BEFORE,
            {"service": "kinesis", "operation": "PutRecords", "resource": "wavetank-click-processed"},
            parameters={"status": 400, "code": "AccessDeniedException", "message": "not authorized"},
        ),
        PortionsWithheld(),
    ),
    during=(
        BeginOutage(),
        *(SendPortion(number) for number in range(2, PORTIONS + 1)),
        Age(hours=4, but=PROCESSORS),
        Look(
            "after two days",
            (
                Expect("lost", Scope.VICTIM, equals="acknowledged", reasons=frozenset()),
                Expect("landed", Scope.OTHERS, equals="acknowledged"),
            ),
            precondition=True,
        ),
    ),
    after=(Age(hours=4), Look("when it was caught up with", (ALL_LANDED,)), EndOutage()),
    stalls=True,
    alarms=None,
    workload=Workload(events=48, hours=HOURS, portions=PORTIONS, conversions=False),
    ages=True,
)
