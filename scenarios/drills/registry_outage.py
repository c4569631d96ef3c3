"""The schema registry does not answer functions that start cold."""

from emulator.faults.model import Fault, When
from emulator.faults.points import Action
from scenarios.drill import Drill, Tag
from scenarios.schedules import ColdStart, Expect, Look, Scheduled, Settle, Tick

REGISTRY = {"service": "s3", "resource": "wavetank-registry-*"}

DRILL = Drill(
    name="registry-outage",
    hypothesis="While the registry is down events wait on their streams; none is set aside for it.",
    tags=(
        Tag.BASICS,
        Tag.SCHEMAS,
        Tag.OUTAGE,
    ),
    troubles=(
        ColdStart(),
        Fault(
            "cannot-list",
            "aws.call",
            Action.ERROR_BEFORE,
            {**REGISTRY, "operation": "ListObjects*"},
            When(count=8),
        ),
        Fault(
            "cannot-read",
            "aws.call",
            Action.ERROR_BEFORE,
            {**REGISTRY, "operation": "GetObject", "key": "schemas/*"},
            When(count=8),
        ),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("when it answers again", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
