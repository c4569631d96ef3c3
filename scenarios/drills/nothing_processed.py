"""A processor may not put what it has processed, for more than an hour in which events arrive."""

from wavetank.scenarios.spec import (
    EVERY_TYPE,
    MINUTE,
    Action,
    Advance,
    Drill,
    Fault,
    Point,
    SendAgain,
    Stall,
    Tag,
)

DRILL = Drill(
    name="nothing-processed",
    hypothesis="Somebody is paged, once, when events arrive and none comes out of the processor; all of them land.",
    tags=(Tag.STREAMS, Tag.OUTAGE, Tag.ALARMS),
    workload=EVERY_TYPE,
    nemeses=(
        Fault(
            "no-way-out",
            Point.AWS_CALL,
            Action.ERROR_BEFORE,
            {"service": "kinesis", "operation": "PutRecords", "resource": "wavetank-click-processed"},
            parameters={"status": 400, "code": "AccessDeniedException", "message": "not authorized"},
        ),
    ),
    during=(Stall(), *(Advance(hours=22 * MINUTE), SendAgain(share=1.0), Stall()) * 5),
    stalls=True,
    gaps=True,
    alarms=("wavetank-click-processed-silent", "wavetank-click-data-stopped", "wavetank-replayer-missed-tick"),
    pages=("wavetank-click-data-stopped",),
)
