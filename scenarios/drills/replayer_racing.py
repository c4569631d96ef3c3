"""The replayer announces chunks whose own notifications are still on their way."""

from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Advance, Expect, Look, Settle, Stall, Tick

DRILL = Drill(
    name="replayer-racing",
    hypothesis="A chunk announced by the replayer before its notification arrives is done twice, to the same parts.",
    tags=(Tag.NOTIFICATIONS, Tag.DUPLICATES),
    nemeses=(Fault("told-late", "s3.notification", Action.DELAY, {"key": "chunks/*"}, parameters={"delay_s": 600}),),
    witness=(
        Stall("held back"),
        Tick(Scheduled.REPLAYER),
        Stall("held back"),
        Tick(Scheduled.PLANNER, but="held back"),
        Look("before the originals came", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
        Advance(hours=1),
        Settle(),
        Tick(Scheduled.PLANNER),
    ),
    stalls=True,
)
