"""Calls of functions to S3 take longer."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="slow-s3",
    hypothesis="Slow storage makes events late, and nothing else.",
    tags=(Tag.STORAGE,),
    nemeses=(
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
