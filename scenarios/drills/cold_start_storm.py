"""Every single invocation starts in a new process."""

from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="cold-start-storm",
    hypothesis="A function that starts anew each time does what a warm one does.",
    tags=(Tag.FUNCTIONS,),
    nemeses=(Fault("always-cold", "lambda.invoke", Action.COLD_START),),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("without a warm function", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
