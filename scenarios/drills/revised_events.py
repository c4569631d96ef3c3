"""A producer sends events again with a later time, as corrections, and their batches come twice."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    Action,
    Drill,
    Fault,
    Point,
    ProducerRevises,
    Tag,
    When,
    look_when_merged,
)

DRILL = Drill(
    name="revised-events",
    hypothesis="Versions of an event keep their order up to the processed stream, and the earliest of them stays.",
    tags=(Tag.DUPLICATES, Tag.STREAMS),
    nemeses=(
        ProducerRevises(share=0.3),
        Fault("batch-again", Point.ESM_BATCH, Action.DUPLICATE, {"stream": "*-raw"}, when=When(every=2)),
    ),
    during=look_when_merged("with all versions", ALL_LANDED),
)
