"""Lambda refuses to run functions, again and again."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="throttled-function",
    hypothesis="A batch that Lambda does not let run waits on its stream, and a notification in its queue.",
    tags=(Tag.FUNCTIONS, Tag.OUTAGE),
    nemeses=(
        Fault(
            "processor-refused", "lambda.invoke", Action.THROTTLE, {"function": "wavetank-*-processor"}, When(count=8)
        ),
        Fault(
            "partitioner-refused", "lambda.invoke", Action.THROTTLE, {"function": "wavetank-partitioner"}, When(count=4)
        ),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("when they were let run", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
