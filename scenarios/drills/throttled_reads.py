"""Readers of the streams are refused, again and again."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="throttled-reads",
    hypothesis="A reader that was refused reads the same records later.",
    tags=(Tag.STREAMS,),
    nemeses=(
        Fault("source-refused", "kinesis.get", Action.THROTTLE, {"reader": "event-source"}, When(every=2)),
        Fault("delivery-refused", "kinesis.get", Action.THROTTLE, {"reader": "firehose"}, When(every=2)),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("with refused readers", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
    waits=True,
)
