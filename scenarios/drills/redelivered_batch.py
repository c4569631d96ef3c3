"""Kinesis delivers every batch three times to its function."""

from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.nemeses.fault import Fault

DRILL = Drill(
    name="redelivered-batch",
    hypothesis="A batch that comes again after it was handled changes nothing at rest.",
    tags=(Tag.DUPLICATES, Tag.FUNCTIONS),
    nemeses=(Fault("batch-again", "esm.batch", Action.DUPLICATE, {"stream": "*-raw"}, parameters={"copies": 2}),),
)
