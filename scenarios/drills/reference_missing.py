"""The reference data are gone."""

from wavetank.scenarios.spec import Drill, Expect, Look, ReferenceBroken, Scheduled, Stall, Tag, Tick

DRILL = Drill(
    name="reference-missing",
    hypothesis="Without reference data events wait on their streams; none lands without what it is enriched with.",
    tags=(Tag.REFERENCE, Tag.OUTAGE),
    nemeses=(ReferenceBroken(missing=True),),
    during=(
        Stall("-processor"),
        Tick(Scheduled.PLANNER, but="-processor"),
        Look("without reference data", (Expect("lost", at_least=1, reasons=frozenset()),), precondition=True),
    ),
    stalls=True,
)
