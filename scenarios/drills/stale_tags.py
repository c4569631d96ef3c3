"""The replayer does not see the tags of chunks that are done."""

from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="stale-tags",
    hypothesis="Chunks that are taken for undone are done again, to the same parts.",
    tags=(Tag.STORAGE, Tag.DUPLICATES),
    nemeses=(
        Fault(
            "old-tags",
            "s3.read",
            Action.STALE,
            {"operation": "GetObjectTagging", "caller": "wavetank-replayer"},
            parameters={"lag_s": 86400},
        ),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.REPLAYER),
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("when done again", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
