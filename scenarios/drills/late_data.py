"""Half of the chunks are only found when their hours were merged hours ago."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Advance, Expect, Look, Settle, Tick

DRILL = Drill(
    name="late-data",
    hypothesis="Events that come late within the look-back are merged into the files that were there before them.",
    tags=(Tag.SCHEDULE, Tag.NOTIFICATIONS),
    nemeses=(Fault("never-told", "s3.notification", Action.DROP, {"key": "chunks/*"}, When(every=2)),),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("when their hours were merged", (Expect("lost", at_least=1),), premise=True),
        Advance(hours=2),
        Tick(Scheduled.REPLAYER),
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("hours later", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
