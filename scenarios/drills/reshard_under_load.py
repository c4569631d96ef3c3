"""The shards of both streams are split and merged while events flow."""

from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.streams import Resharded
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="reshard-under-load",
    hypothesis="Readers follow a stream through splits and merges, and pass over no record.",
    tags=(Tag.STREAMS,),
    nemeses=(Resharded(),),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("through splits and merges", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
    stalls=True,
)
