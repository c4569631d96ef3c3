"""S3 announces every chunk twice, and SNS passes each announcement on twice."""

from wavetank.scenarios.spec import Action, Drill, Fault, Point, Tag

DRILL = Drill(
    name="duplicated-notification",
    hypothesis="A chunk that is announced again and again is partitioned into the same parts.",
    tags=(Tag.DUPLICATES, Tag.NOTIFICATIONS),
    nemeses=(
        Fault("announced-twice", Point.S3_NOTIFICATION, Action.DUPLICATE, {"key": "chunks/*"}),
        Fault("passed-on-twice", Point.SNS_DELIVERY, Action.DUPLICATE),
    ),
)
