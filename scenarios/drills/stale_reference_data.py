"""Newer reference data are published, and processors go on reading the older ones for ten minutes."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    Action,
    Advance,
    Drill,
    Fault,
    Point,
    ReferenceRenewed,
    SendAgain,
    Tag,
    look_when_merged,
)

DRILL = Drill(
    name="stale-reference-data",
    hypothesis="Events are enriched with one snapshot or the other, whole, and copies of both are one event at rest.",
    tags=(Tag.REFERENCE, Tag.STORAGE),
    nemeses=(
        Fault(
            "old-reference",
            Point.S3_READ,
            Action.STALE,
            {"operation": "GetObject", "key": "reference/*", "caller": "wavetank-*-processor"},
            parameters={"lag_s": 600.0},
        ),
        ReferenceRenewed(),
    ),
    during=(
        *look_when_merged("with the older snapshot", ALL_LANDED),
        Advance(hours=1 / 4),
        SendAgain(share=0.5),
        *look_when_merged("with the newer one, too", ALL_LANDED),
    ),
)
