"""S3 notifications and SNS messages overtake one another."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="reordered-notifications",
    hypothesis="The order in which chunks are announced makes no difference to a byte at rest.",
    tags=(Tag.NOTIFICATIONS,),
    nemeses=(
        Fault(
            "overtaken", "s3.notification", Action.REORDER, {"key": "chunks/*"}, When(every=2), parameters={"behind": 2}
        ),
        Fault("overtaken-again", "sns.delivery", Action.REORDER, when=When(every=2)),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("in another order", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
    stalls=True,
)
