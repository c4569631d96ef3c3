"""Calls of functions to S3 take longer."""

from wavetank.emulator.faults.model import Fault, When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.schedules import Expect, Look, Scheduled, Settle, Tick

DRILL = Drill(
    name="slow-s3",
    hypothesis="Slow storage makes events late, and nothing else.",
    tags=(Tag.STORAGE,),
    troubles=(
        Fault(
            "slow",
            "aws.call",
            Action.DELAY,
            {"service": "s3", "caller": "wavetank-*"},
            When(every=3),
            parameters={"delay_s": 0.1},
        ),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("slowly", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
