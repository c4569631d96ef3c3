"""Functions die in the midst of their work, when a call took effect: processor, partitioner, concatenator."""

from emulator.faults.model import Fault, When
from emulator.faults.points import Action
from scenarios.drill import Drill, Tag
from scenarios.schedules import Expect, Look, Scheduled, Settle, Tick

DRILL = Drill(
    name="crash-after-write",
    hypothesis="A function that dies after a call makes it again, and what is at rest stays as it was.",
    tags=(Tag.FUNCTIONS, Tag.DUPLICATES),
    troubles=(
        Fault(
            "processor-dies",
            "lambda.invoke",
            Action.CRASH_AFTER,
            {"function": "wavetank-*-processor"},
            When(count=3),
            parameters={"call": 2},
        ),
        Fault(
            "partitioner-dies",
            "lambda.invoke",
            Action.CRASH_AFTER,
            {"function": "wavetank-partitioner"},
            When(every=2, count=3),
            parameters={"call": 3},
        ),
        Fault(
            "concatenator-dies",
            "lambda.invoke",
            Action.CRASH_AFTER,
            {"function": "wavetank-concatenator"},
            When(count=1),
            parameters={"call": 4},
        ),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("when it was done again", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
