"""The producer is told that its records were not taken, when they were, and sends them again."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.nemeses.fault import Fault

DRILL = Drill(
    name="producer-retry",
    hypothesis="A producer that cannot know if its records were taken sends them again; each event is at rest once.",
    tags=(Tag.DUPLICATES, Tag.STREAMS),
    nemeses=(
        Fault(
            "answer-lost",
            "aws.call",
            Action.ERROR_AFTER,
            {"service": "kinesis", "operation": "PutRecords", "resource": "*-raw"},
            When(every=2),
        ),
    ),
)
