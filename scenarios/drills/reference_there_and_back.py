"""Reference data change and change back while nobody reads the streams; copies are sent in all three times."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    MINUTE,
    Advance,
    ConsumersStopped,
    Drill,
    PortionsWithheld,
    ProducerRepeats,
    ReferenceRenewed,
    SendAgain,
    SendPortion,
    Settle,
    Strike,
    Tag,
    Workload,
    look_when_merged,
)

DRILL = Drill(
    name="reference-there-and-back",
    hypothesis="In a batch over a change each record is enriched as of its arrival; data that come back are new ones.",
    tags=(Tag.REFERENCE, Tag.DUPLICATES),
    workload=Workload(conversions=False, portions=3),
    # Consumers read again after the data have changed back: the last thing that was begun is healed first.
    nemeses=(ConsumersStopped(every_type=True), PortionsWithheld(), ProducerRepeats(share=0.25)),
    during=(Strike(ReferenceRenewed()), Advance(hours=2 * MINUTE), SendPortion(2), SendAgain(share=0.25)),
    after=(
        *(Settle(), SendPortion(3), SendAgain(share=0.25)),
        *look_when_merged("there and back", ALL_LANDED),
        *(Advance(hours=3), SendAgain(share=0.5)),
        *look_when_merged("sent again hours later", ALL_LANDED),
    ),
    stalls=True,
    spoils=("same-as-control",),
)
