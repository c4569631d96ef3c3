"""S3 refuses the chunks of Firehose several times before it takes them."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Point, Tag, When, look_when_merged

DRILL = Drill(
    name="failing-deliveries",
    hypothesis="A chunk that could not be written is written later, with all of its records.",
    tags=(Tag.STORAGE, Tag.OUTAGE),
    nemeses=(Fault("refused", Point.FIREHOSE_DELIVERY, Action.FAIL, when=When(count=6)),),
    during=look_when_merged("when it was written", ALL_LANDED),
)
