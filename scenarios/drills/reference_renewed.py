"""Newer reference data are published while events flow, and events that were enriched before are sent again after."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    Advance,
    Drill,
    PortionsWithheld,
    ReferenceRenewed,
    Scheduled,
    SendAgain,
    SendPortion,
    Settle,
    Tag,
    Tick,
    look_when_merged,
)

DRILL = Drill(
    name="reference-renewed",
    hypothesis="Each event is enriched as of its arrival; of its copies the one stays that was enriched as of before.",
    tags=(Tag.REFERENCE,),
    nemeses=(ReferenceRenewed(), PortionsWithheld()),
    during=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Advance(hours=1 / 4),
        SendPortion(2),
        SendAgain(share=0.5),
        *look_when_merged("with the newer data, too", ALL_LANDED),
    ),
    # The control has all events with the older data.
    spoils=("same-as-control",),
)
