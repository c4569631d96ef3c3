"""Functions die in the midst of their work, before a call took effect: processor, partitioner, concatenator."""

from emulator.faults.model import Fault, When
from emulator.faults.points import Action
from scenarios.drill import Drill, Tag
from scenarios.schedules import Expect, Look, Scheduled, Settle, Tick

DRILL = Drill(
    name="crash-before-write",
    hypothesis="A function that dies before a write has promised nothing: its work comes again and is done.",
    tags=(Tag.FUNCTIONS,),
    troubles=(
        Fault(
            "processor-dies",
            "lambda.invoke",
            Action.CRASH_BEFORE,
            {"function": "wavetank-*-processor"},
            When(count=3),
            parameters={"call": 2},
        ),
        Fault(
            "partitioner-dies",
            "lambda.invoke",
            Action.CRASH_BEFORE,
            {"function": "wavetank-partitioner"},
            When(every=2, count=3),
            parameters={"call": 3},
        ),
        Fault(
            "concatenator-dies",
            "lambda.invoke",
            Action.CRASH_BEFORE,
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
