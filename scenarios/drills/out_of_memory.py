"""Functions are killed for their memory before they can answer."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="out-of-memory",
    hypothesis="A batch whose function was killed for its memory comes again, and nothing is at rest twice.",
    tags=(Tag.FUNCTIONS,),
    nemeses=(
        Fault(
            "processor-killed",
            "lambda.invoke",
            Action.OUT_OF_MEMORY,
            {"function": "wavetank-*-processor"},
            When(count=3),
        ),
        Fault(
            "partitioner-killed",
            "lambda.invoke",
            Action.OUT_OF_MEMORY,
            {"function": "wavetank-partitioner"},
            When(count=2),
        ),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("when it was done again", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
