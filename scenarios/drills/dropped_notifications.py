"""A share of the S3 notifications never arrives; the replayer finds the chunks that nobody has done."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick
from wavetank.scenarios.workload.workload import EVERY_TYPE

DRILL = Drill(
    name="dropped-notifications",
    hypothesis="A chunk whose notification was lost lands after the next run of the replayer.",
    tags=(
        Tag.BASICS,
        Tag.NOTIFICATIONS,
    ),
    workload=EVERY_TYPE,
    nemeses=(Fault("never-told", "s3.notification", Action.DROP, {"key": "chunks/*"}, When(probability=0.5)),),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("missing before the replayer ran", (Expect("lost", at_least=1),), premise=True),
    ),
    converges_within_s=120,
)
