"""S3 notifications and SNS messages overtake one another."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Point, Tag, When, look_when_merged

DRILL = Drill(
    name="reordered-notifications",
    hypothesis="The order in which chunks are announced makes no difference to a byte at rest.",
    tags=(Tag.NOTIFICATIONS,),
    nemeses=(
        Fault(
            "overtaken",
            Point.S3_NOTIFICATION,
            Action.REORDER,
            {"key": "chunks/*"},
            when=When(every=2),
            parameters={"behind": 2},
        ),
        Fault("overtaken-again", Point.SNS_DELIVERY, Action.REORDER, when=When(every=2)),
    ),
    during=look_when_merged("in another order", ALL_LANDED),
    stalls=True,
)
