"""A raw version is published past all checks whose event time is a text."""

from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.schedules import Expect, IncompatiblePublished, Look, Scheduled, Settle, Tick

DRILL = Drill(
    name="incompatible-publish",
    hypothesis="A version that nobody writes with costs nothing, however wrong it is.",
    tags=(Tag.SCHEMAS,),
    troubles=(IncompatiblePublished(),),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("while it was published", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
