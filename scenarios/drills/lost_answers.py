"""S3 writes what functions ask it to, and tells them that it did not."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="lost-answers",
    hypothesis="A write that took effect unnoticed is made again with the same key and the same bytes.",
    tags=(Tag.STORAGE, Tag.DUPLICATES),
    nemeses=(
        Fault(
            "answer-lost",
            "aws.call",
            Action.ERROR_AFTER,
            {"service": "s3", "caller": "wavetank-*", "operation": "PutObject*"},
            When(every=2),
        ),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("when written again", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
    waits=True,
)
