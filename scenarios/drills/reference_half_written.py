"""Of the reference data only the first half of their bytes is there."""

from wavetank.scenarios.spec import PROCESSORS, Drill, Expect, Look, ReferenceBroken, Scheduled, Stall, Tag, Tick

DRILL = Drill(
    name="reference-half-written",
    hypothesis="From half a file of reference data nothing is read: events wait until it is whole.",
    tags=(Tag.REFERENCE, Tag.OUTAGE),
    nemeses=(ReferenceBroken(missing=False),),
    during=(
        Stall(on=PROCESSORS),
        Tick(Scheduled.PLANNER, but=PROCESSORS),
        Look("with half a file", (Expect("lost", at_least=1, reasons=frozenset()),), precondition=True),
    ),
    stalls=True,
)
