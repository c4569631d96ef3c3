"""Firehose cuts its buffers behind every fifth record."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="split-buffers",
    hypothesis="How events are divided into chunks makes no difference to a byte at rest.",
    tags=(Tag.STORAGE,),
    nemeses=(Fault("cut", "firehose.buffer", Action.SPLIT, when=When(every=5)),),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("in small chunks", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
