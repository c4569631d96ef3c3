"""A raw version is published past all checks whose event time is a text."""

from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.schemas import IncompatiblePublished
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="incompatible-publish",
    hypothesis="A version that nobody writes with costs nothing, however wrong it is.",
    tags=(Tag.SCHEMAS,),
    nemeses=(IncompatiblePublished(),),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("while it was published", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
