"""Functions run out of time when their work is done, before they can say so."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="timeout-mid-batch",
    hypothesis="Work that was done in time nobody heard of is done again, and nothing is at rest twice.",
    tags=(Tag.FUNCTIONS, Tag.DUPLICATES),
    nemeses=(
        Fault("processor-late", "lambda.invoke", Action.TIMEOUT, {"function": "wavetank-*-processor"}, When(count=3)),
        Fault("partitioner-late", "lambda.invoke", Action.TIMEOUT, {"function": "wavetank-partitioner"}, When(count=2)),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("when it was done again", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
