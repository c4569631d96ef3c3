"""Functions cannot be initialized, several times in a row."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="failed-init",
    hypothesis="What a function that did not start could not take waits, and is taken when one starts.",
    tags=(Tag.FUNCTIONS,),
    nemeses=(
        Fault(
            "processor-not-started",
            "lambda.invoke",
            Action.INIT_ERROR,
            {"function": "wavetank-*-processor"},
            When(count=3),
        ),
        Fault(
            "partitioner-not-started",
            "lambda.invoke",
            Action.INIT_ERROR,
            {"function": "wavetank-partitioner"},
            When(count=2),
        ),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("when they started", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
