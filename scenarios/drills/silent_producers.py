"""Nobody puts an event for almost two hours."""

from wavetank.scenarios.spec import (
    EVERY_TYPE,
    MINUTE,
    Advance,
    Drill,
    PortionsWithheld,
    SendPortion,
    Settle,
    Tag,
)

TYPES = ("click", "conversion", "impression")
STOPPED = tuple(f"wavetank-{each}-data-stopped" for each in TYPES)

DRILL = Drill(
    name="silent-producers",
    hypothesis="Somebody is paged, once an event type, when no event came for an hour.",
    tags=(Tag.OUTAGE, Tag.ALARMS),
    workload=EVERY_TYPE,
    nemeses=(PortionsWithheld(),),
    during=(Settle(), Advance(hours=110 * MINUTE), SendPortion(2)),
    gaps=True,
    alarms=(
        *STOPPED,
        *(f"wavetank-{each}-{stream}-silent" for each in TYPES for stream in ("raw", "processed")),
        "wavetank-replayer-missed-tick",
    ),
    pages=STOPPED,
)
