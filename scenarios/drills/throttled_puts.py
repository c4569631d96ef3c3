"""Kinesis refuses a third of all records, of producers and of functions."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="throttled-puts",
    hypothesis="A record that was refused is put again, alone, until it is taken.",
    tags=(Tag.STREAMS, Tag.OUTAGE),
    nemeses=(Fault("refused", "kinesis.put", Action.THROTTLE, when=When(probability=0.3)),),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("record by record", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
