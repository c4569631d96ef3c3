"""S3 announces every chunk twice, and SNS passes each announcement on twice."""

from wavetank.emulator.faults.model import Fault
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag

DRILL = Drill(
    name="duplicated-notification",
    hypothesis="A chunk that is announced again and again is partitioned into the same parts.",
    tags=(Tag.DUPLICATES, Tag.NOTIFICATIONS),
    troubles=(
        Fault("announced-twice", "s3.notification", Action.DUPLICATE, {"key": "chunks/*"}),
        Fault("passed-on-twice", "sns.delivery", Action.DUPLICATE),
    ),
)
