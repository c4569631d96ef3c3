"""Newer reference data are published, and processors go on reading the older ones for ten minutes."""

from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.nemeses.references import ReferenceRenewed
from wavetank.scenarios.spec.steps import Advance, Expect, Look, SendAgain, Settle, Tick

DRILL = Drill(
    name="stale-reference-data",
    hypothesis="Events are enriched with one snapshot or the other, whole, and copies of both are one event at rest.",
    tags=(Tag.REFERENCE, Tag.STORAGE),
    nemeses=(
        Fault(
            "old-reference",
            "s3.read",
            Action.STALE,
            {"operation": "GetObject", "key": "reference/*", "caller": "wavetank-*-processor"},
            parameters={"lag_s": 600.0},
        ),
        ReferenceRenewed(),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("with the older snapshot", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
        Advance(hours=1 / 4),
        SendAgain(share=0.5),
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("with the newer one, too", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
