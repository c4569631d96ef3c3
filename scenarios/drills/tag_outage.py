"""The partitioner writes all parts of a chunk, and S3 does not let it tag the chunk as done."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="tag-outage",
    hypothesis="A chunk whose parts are written but which carries no tag is done again, to the same parts.",
    tags=(Tag.FUNCTIONS, Tag.STORAGE),
    nemeses=(
        Fault(
            "no-tag",
            "aws.call",
            Action.ERROR_BEFORE,
            {"service": "s3", "operation": "PutObjectTagging", "key": "chunks/*"},
            When(count=6),
            parameters={"status": 403, "code": "AccessDenied"},
        ),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("when it was done again", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)
