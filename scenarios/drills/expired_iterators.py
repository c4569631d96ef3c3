"""The iterators of event sources and of Firehose expire, again and again."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Point, Tag, When, look_when_merged

DRILL = Drill(
    name="expired-iterators",
    hypothesis="A reader whose iterator has expired goes on from where it was.",
    tags=(Tag.STREAMS,),
    nemeses=(
        Fault(
            "source-expired", Point.KINESIS_GET, Action.EXPIRED_ITERATOR, {"reader": "event-source"}, when=When(every=2)
        ),
        Fault(
            "delivery-expired", Point.KINESIS_GET, Action.EXPIRED_ITERATOR, {"reader": "firehose"}, when=When(every=2)
        ),
    ),
    during=look_when_merged("with new iterators", ALL_LANDED),
)
