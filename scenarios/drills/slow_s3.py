"""Calls of functions to S3 take longer."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Look, Point, Scheduled, Settle, Tag, Tick, When

DRILL = Drill(
    name="slow-s3",
    hypothesis="Slow storage makes events late, and nothing else.",
    tags=(Tag.STORAGE,),
    nemeses=(
        Fault(
            "slow",
            Point.AWS_CALL,
            Action.DELAY,
            {"service": "s3", "caller": "wavetank-*"},
            When(every=3),
            parameters={"delay_s": 0.1},
        ),
    ),
    during=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("slowly", (ALL_LANDED,)),
    ),
)
