"""Nothing goes wrong: the run that every other drill is compared with."""

from wavetank.scenarios.spec import EVERY_SHAPE, Drill

DRILL = Drill(
    name="control",
    hypothesis="Without faults every acknowledged event lands once, enriched, where it belongs.",
    workload=EVERY_SHAPE,
)
