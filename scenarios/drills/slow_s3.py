"""Calls of functions to S3 take longer."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Point, Tag, When, look_when_merged

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
            when=When(every=3),
            parameters={"delay_s": 0.1},
        ),
    ),
    during=look_when_merged("slowly", ALL_LANDED),
)
