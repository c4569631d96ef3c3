"""A producer's clock is ahead: by a little more than an event may be, and by a little less."""

from wavetank.scenarios.spec import ClockAhead, Drill, Expect, Scope, Tag, look_when_merged

DRILL = Drill(
    name="future-times",
    hypothesis="An event is set aside for its time if that is more than an hour after its arrival, and not before.",
    tags=(Tag.RECORDS, Tag.QUARANTINE),
    nemeses=(ClockAhead(share=0.2),),
    during=look_when_merged(
        "beside those ahead of time",
        Expect("landed", equals="acknowledged"),
        Expect("landed", Scope.VICTIM, reasons=frozenset({"future-time", "oversize"})),
    ),
)
