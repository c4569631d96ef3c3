"""A producer goes to a new version of its schema and back again, portion by portion."""

from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.producer import ProducerAhead
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick
from wavetank.scenarios.workload.workload import EVERY_TYPE

DRILL = Drill(
    name="rolled-back-producer",
    hypothesis="Events of several versions of a schema land together, and going back to the older one costs nothing.",
    tags=(
        Tag.BASICS,
        Tag.SCHEMAS,
    ),
    workload=EVERY_TYPE,
    nemeses=(ProducerAhead(published=True, portions=2),),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("with both versions", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
