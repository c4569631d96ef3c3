"""Kinesis delivers every batch three times to its function."""

from wavetank.scenarios.spec import Action, Drill, Fault, Point, Tag

DRILL = Drill(
    name="redelivered-batch",
    hypothesis="A batch that comes again after it was handled changes nothing at rest.",
    tags=(Tag.DUPLICATES, Tag.FUNCTIONS),
    nemeses=(Fault("batch-again", Point.ESM_BATCH, Action.DUPLICATE, {"stream": "*-raw"}, parameters={"copies": 2}),),
)
