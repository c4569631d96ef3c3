"""Some records of a call fail inside Kinesis, and the first calls are throttled as a whole."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="failing-puts",
    hypothesis="A call that put only some of its records is completed, and none of them is at rest twice.",
    tags=(Tag.STREAMS,),
    nemeses=(
        Fault("failed", "kinesis.put", Action.FAIL, {"stream": "*-processed"}, When(every=7)),
        Fault("all-refused", "kinesis.put", Action.THROTTLE_ALL, {"stream": "*-raw"}, When(count=3)),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("when they were completed", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
