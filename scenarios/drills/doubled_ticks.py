"""The schedule starts every run of the replayer twice at the same time."""

from wavetank.emulator.faults.model import Fault, When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.schedules import Expect, Look, Scheduled, Settle, Tick, TicksDoubled

DRILL = Drill(
    name="doubled-ticks",
    hypothesis="Two runs of the replayer at once announce chunks twice, and their parts stay the same.",
    tags=(Tag.SCHEDULE, Tag.DUPLICATES),
    troubles=(
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
