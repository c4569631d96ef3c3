"""The reference data are gone when functions have used them already."""

from wavetank.scenarios.spec import (
    PROCESSORS,
    Drill,
    Expect,
    Look,
    PortionsWithheld,
    ReferenceBroken,
    Scheduled,
    SendPortion,
    Settle,
    Stall,
    Strike,
    Tag,
    Tick,
)

DRILL = Drill(
    name="reference-missing",
    hypothesis="Without reference data events wait on their streams; none lands without what it is enriched with.",
    tags=(Tag.REFERENCE, Tag.OUTAGE),
    nemeses=(PortionsWithheld(),),
    during=(
        Settle(),
        Strike(ReferenceBroken(missing=True)),
        SendPortion(2),
        Stall(on=PROCESSORS),
        Tick(Scheduled.PLANNER, but=PROCESSORS),
        Look("without reference data", (Expect("lost", at_least=1, reasons=frozenset()),)),
    ),
    stalls=True,
)
