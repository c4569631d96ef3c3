"""The reference data are gone."""

from wavetank.scenarios.spec import PROCESSORS, Drill, Expect, Look, ReferenceBroken, Scheduled, Stall, Tag, Tick

DRILL = Drill(
    name="reference-missing",
    hypothesis="Without reference data events wait on their streams; none lands without what it is enriched with.",
    tags=(Tag.REFERENCE, Tag.OUTAGE),
    nemeses=(ReferenceBroken(missing=True),),
    during=(
        Stall(on=PROCESSORS),
        Tick(Scheduled.PLANNER, but=PROCESSORS),
        Look("without reference data", (Expect("lost", at_least=1, reasons=frozenset()),), precondition=True),
    ),
    stalls=True,
)
