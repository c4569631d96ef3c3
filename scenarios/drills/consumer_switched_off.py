"""A consumer is switched off while records arrive, and nothing fails: no call, no error, no age."""

from wavetank.scenarios.spec import (
    EVERY_TYPE,
    MINUTE,
    Advance,
    ConsumersStopped,
    Drill,
    Expect,
    Scope,
    SendAgain,
    Tag,
    look_when_merged,
)

DRILL = Drill(
    name="consumer-switched-off",
    hypothesis="Somebody is paged, once, for a consumer that is off while records arrive; what waited for it lands.",
    tags=(Tag.STREAMS, Tag.OUTAGE, Tag.ALARMS),
    workload=EVERY_TYPE,
    nemeses=(ConsumersStopped(),),
    during=(
        *(Advance(hours=5 * MINUTE), SendAgain(share=1.0)) * 4,
        *look_when_merged(
            "while it was off",
            Expect("lost", Scope.VICTIM, equals="acknowledged"),
            Expect("landed", Scope.OTHERS, equals="acknowledged"),
            precondition=True,
        ),
    ),
    stalls=True,
    alarms=("wavetank-click-consumer-off", "wavetank-click-data-stopped"),
    pages=("wavetank-click-data-stopped",),
)
