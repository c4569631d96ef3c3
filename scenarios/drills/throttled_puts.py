"""Kinesis refuses a third of all records, of producers and of functions."""

from wavetank.emulator.faults.model import Fault, When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.schedules import Expect, Look, Scheduled, Settle, Tick

DRILL = Drill(
    name="throttled-puts",
    hypothesis="A record that was refused is put again, alone, until it is taken.",
    tags=(Tag.STREAMS, Tag.OUTAGE),
    troubles=(Fault("refused", "kinesis.put", Action.THROTTLE, when=When(probability=0.3)),),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("record by record", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
