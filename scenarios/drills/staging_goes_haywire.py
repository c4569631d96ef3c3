"""Another stage on the same stack is flooded, has no concurrency left, and is deleted; this one does not notice."""

from wavetank.scenarios.spec import Drill, StageHaywire, Tag

DRILL = Drill(
    name="staging-goes-haywire",
    hypothesis="A stage that is flooded, starved and deleted takes nothing from another one in an account of its own.",
    tags=(Tag.STREAMS, Tag.FUNCTIONS),
    nemeses=(StageHaywire(),),
    stalls=True,
)
