"""For ten minutes no S3 notification arrives at all."""

from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Advance, Expect, Look, Settle, Tick

DRILL = Drill(
    name="all-notifications-dropped",
    hypothesis="When nobody was told of any chunk for ten minutes the next run of the replayer makes up for it.",
    tags=(Tag.NOTIFICATIONS, Tag.OUTAGE),
    nemeses=(Fault("never-told", "s3.notification", Action.DROP, {"key": "chunks/*"}),),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Advance(hours=1 / 6),
        Settle(),
        Look("nobody was told", (Expect("lost", equals="acknowledged"),), premise=True),
    ),
)
