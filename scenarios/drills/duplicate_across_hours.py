"""A producer sends half of its events again an hour later, when the first copies were merged."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    EVERY_TYPE,
    Advance,
    Drill,
    ProducerRepeats,
    Scheduled,
    SendAgain,
    Settle,
    Tag,
    Tick,
    look_when_merged,
)

DRILL = Drill(
    name="duplicate-across-hours",
    hypothesis="Copies that arrive in another hour meet in the partition of their event time, and one of them stays.",
    tags=(Tag.BASICS, Tag.DUPLICATES, Tag.SCHEDULE),
    workload=EVERY_TYPE,
    nemeses=(ProducerRepeats(share=0.1),),
    during=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Advance(hours=1),
        SendAgain(share=0.5),
        *look_when_merged("an hour later", ALL_LANDED),
    ),
)
