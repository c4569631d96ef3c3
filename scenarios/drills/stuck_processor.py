"""A processor gets nowhere for more than a quarter of an hour."""

from wavetank.scenarios.spec import (
    MINUTE,
    PROCESSORS,
    Action,
    Advance,
    Drill,
    Expect,
    Fault,
    Look,
    Point,
    Scheduled,
    Scope,
    Stall,
    Tag,
    Tick,
    Workload,
)

DRILL = Drill(
    name="stuck-processor",
    hypothesis="A processor that fails and falls a quarter of an hour behind rings its alarms, and loses nothing.",
    tags=(Tag.FUNCTIONS, Tag.OUTAGE, Tag.ALARMS),
    workload=Workload(conversions=False, component="alarmed"),
    nemeses=(
        Fault(
            "no-reference",
            Point.AWS_CALL,
            Action.ERROR_BEFORE,
            {"service": "s3", "operation": "GetObject", "key": "reference/*", "caller": "wavetank-click-processor"},
        ),
    ),
    during=(
        Stall(),
        Advance(hours=16 * MINUTE),
        *(Stall(), Advance(hours=MINUTE)) * 16,
        Tick(Scheduled.PLANNER, but=PROCESSORS),
        Look(
            "while it was stuck",
            (
                Expect("lost", Scope.VICTIM, equals="acknowledged", reasons=frozenset()),
                Expect("landed", Scope.OTHERS, equals="acknowledged"),
            ),
            precondition=True,
        ),
    ),
    stalls=True,
    alarms=(
        "wavetank-click-processor-behind",
        "wavetank-click-processor-errors",
        "wavetank-click-processor-error-rate",
    ),
)
