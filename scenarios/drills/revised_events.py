"""A producer sends events again with a later time, as corrections, and their batches come twice."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.nemeses.producer import ProducerRevises
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="revised-events",
    hypothesis="Versions of an event keep their order up to the processed stream, and the earliest of them stays.",
    tags=(Tag.DUPLICATES, Tag.STREAMS),
    nemeses=(
        ProducerRevises(share=0.3),
        Fault("batch-again", "esm.batch", Action.DUPLICATE, {"stream": "*-raw"}, When(every=2)),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("with all versions", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
