"""A reference is published without rows, and nothing fails: events go on without what they are joined with."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    Advance,
    Drill,
    PortionsWithheld,
    ReferenceRenewed,
    SendPortion,
    Settle,
    Tag,
    Workload,
    look_when_merged,
)

DRILL = Drill(
    name="reference-emptied",
    hypothesis="Reference data without rows are told of, and what came before keeps what it was enriched with.",
    tags=(Tag.REFERENCE, Tag.ALARMS),
    workload=Workload(events=800, conversions=False),
    nemeses=(ReferenceRenewed(emptied=True), PortionsWithheld()),
    during=(Settle(), Advance(hours=1), SendPortion(2), *look_when_merged("without rows", ALL_LANDED)),
    alarms=("wavetank-click-reference-misses", "wavetank-impression-reference-misses"),
    spoils=("same-as-control",),
)
