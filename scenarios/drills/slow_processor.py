"""The processor of clicks takes a good part of its time-out for each batch."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    MINUTE,
    Action,
    Advance,
    Drill,
    Fault,
    Point,
    SendAgain,
    Settle,
    Tag,
    Workload,
    look_when_merged,
)

DRILL = Drill(
    name="slow-processor",
    hypothesis="A function that still comes to its end is told of before it runs out of time.",
    tags=(Tag.FUNCTIONS, Tag.ALARMS),
    workload=Workload(events=60, conversions=False, component="short-timeout"),
    nemeses=(
        Fault(
            "slow",
            Point.LAMBDA_INVOKE,
            Action.SLOW,
            {"function": "wavetank-click-processor"},
            parameters={"delay_s": 2.5},
        ),
    ),
    during=(
        *(Advance(hours=5 * MINUTE), SendAgain(share=1.0), Settle()) * 4,
        *look_when_merged("when it was slow", ALL_LANDED),
    ),
    alarms=("wavetank-click-processor-slow",),
)
