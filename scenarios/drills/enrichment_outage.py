"""The reference data that events are enriched with cannot be read."""

from wavetank.scenarios.spec import ALL_LANDED, EVERY_TYPE, Action, Drill, Fault, Point, Tag, When, look_when_merged

DRILL = Drill(
    name="enrichment-outage",
    hypothesis="While reference data cannot be read events wait; none lands without what it is enriched with.",
    tags=(Tag.BASICS, Tag.REFERENCE, Tag.OUTAGE),
    workload=EVERY_TYPE,
    nemeses=(
        Fault(
            "no-reference",
            Point.AWS_CALL,
            Action.ERROR_BEFORE,
            {"service": "s3", "operation": "GetObject", "key": "reference/*"},
            when=When(count=12),
        ),
    ),
    during=look_when_merged("when it can be read again", ALL_LANDED),
)
