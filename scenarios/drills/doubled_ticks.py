"""The schedule starts every run of the replayer twice at the same time."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.nemeses.ticks import TicksDoubled
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="doubled-ticks",
    hypothesis="Two runs of the replayer at once announce chunks twice, and their parts stay the same.",
    tags=(Tag.SCHEDULE, Tag.DUPLICATES),
    nemeses=(
        TicksDoubled(Scheduled.REPLAYER),
        Fault("never-told", "s3.notification", Action.DROP, {"key": "chunks/*"}, When(every=2)),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.REPLAYER),
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("after both", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
