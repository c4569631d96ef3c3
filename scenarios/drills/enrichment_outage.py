"""The reference data that events are enriched with cannot be read."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick
from wavetank.scenarios.workload.workload import EVERY_TYPE

DRILL = Drill(
    name="enrichment-outage",
    hypothesis="While reference data cannot be read events wait; none lands without what it is enriched with.",
    tags=(
        Tag.BASICS,
        Tag.REFERENCE,
        Tag.OUTAGE,
    ),
    workload=EVERY_TYPE,
    nemeses=(
        Fault(
            "no-reference",
            "aws.call",
            Action.ERROR_BEFORE,
            {"service": "s3", "operation": "GetObject", "key": "reference/*"},
            When(count=12),
        ),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("when it can be read again", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
