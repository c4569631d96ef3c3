"""S3 fails a tenth of the calls of functions."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="s3-brownout",
    hypothesis="Calls that fail are made again, whichever they are.",
    tags=(Tag.STORAGE, Tag.OUTAGE),
    nemeses=(
        Fault(
            "slow-down",
            "aws.call",
            Action.ERROR_BEFORE,
            {"service": "s3", "caller": "wavetank-*"},
            When(probability=0.1),
        ),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.REPLAYER),
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("call by call", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
    waits=True,
)
