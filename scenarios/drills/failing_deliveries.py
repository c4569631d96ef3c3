"""S3 refuses the chunks of Firehose several times before it takes them."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="failing-deliveries",
    hypothesis="A chunk that could not be written is written later, with all of its records.",
    tags=(Tag.STORAGE, Tag.OUTAGE),
    nemeses=(Fault("refused", "firehose.delivery", Action.FAIL, when=When(count=6)),),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("when it was written", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
