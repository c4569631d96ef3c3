"""S3 answers no call of any function."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick
from wavetank.scenarios.workload.workload import EVERY_TYPE

DRILL = Drill(
    name="s3-outage",
    hypothesis="While S3 does not answer events wait where they are, and none is lost or set aside.",
    tags=(Tag.STORAGE, Tag.OUTAGE),
    workload=EVERY_TYPE,
    nemeses=(
        Fault("no-answer", "aws.call", Action.ERROR_BEFORE, {"service": "s3", "caller": "wavetank-*"}, When(count=24)),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.REPLAYER),
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("when it answered again", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
