"""Kinesis delivers every batch three times to its function."""

from wavetank.emulator.faults.model import Fault
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag

DRILL = Drill(
    name="redelivered-batch",
    hypothesis="A batch that comes again after it was handled changes nothing at rest.",
    tags=(Tag.DUPLICATES, Tag.FUNCTIONS),
    troubles=(Fault("batch-again", "esm.batch", Action.DUPLICATE, {"stream": "*-raw"}, parameters={"copies": 2}),),
)
