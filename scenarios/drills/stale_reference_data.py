"""Newer reference data are published, and processors read the index as it was before for as long as it may be so."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    Action,
    Advance,
    Drill,
    Fault,
    Point,
    PortionsWithheld,
    ReferenceRenewed,
    SendAgain,
    SendPortion,
    Settle,
    Tag,
    look_when_merged,
)

DRILL = Drill(
    name="stale-reference-data",
    hypothesis="Who has not heard of newer reference data yet enriches events as all others do.",
    tags=(Tag.REFERENCE, Tag.STORAGE),
    nemeses=(
        Fault(
            "old-index",
            Point.S3_READ,
            Action.STALE,
            {"operation": "GetObject", "key": "reference/*/index.json", "caller": "wavetank-*-processor"},
            parameters={"lag_s": 25.0},
        ),
        ReferenceRenewed(),
        PortionsWithheld(),
    ),
    during=(
        Settle(),
        Advance(hours=1 / 4),
        SendPortion(2),
        Settle(),
        SendAgain(share=0.5),
        *look_when_merged("with the newer one, too", ALL_LANDED),
    ),
    # The control has all events with the older data.
    spoils=("same-as-control",),
)
