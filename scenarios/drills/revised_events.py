"""A producer sends events again with a later time, as corrections, and their batches come twice."""

from wavetank.emulator.faults.model import Fault, When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.schedules import Expect, Look, ProducerRevises, Scheduled, Settle, Tick

DRILL = Drill(
    name="revised-events",
    hypothesis="Versions of an event keep their order up to the processed stream, and the earliest of them stays.",
    tags=(Tag.DUPLICATES, Tag.STREAMS),
    troubles=(
        ProducerRevises(share=0.3),
        Fault("batch-again", "esm.batch", Action.DUPLICATE, {"stream": "*-raw"}, When(every=2)),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("with all versions", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
