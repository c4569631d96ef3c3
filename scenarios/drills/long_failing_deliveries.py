"""S3 refuses the chunks of clicks for the better part of an hour."""

from wavetank.scenarios.spec import MINUTE, Action, Advance, Drill, Fault, Point, Stall, Tag, Unfinished

DELIVERY = Unfinished.of("wavetank-click")

DRILL = Drill(
    name="long-failing-deliveries",
    hypothesis="Writes of Firehose that keep failing are told of, and so is the age of what it holds; all of it lands.",
    tags=(Tag.STORAGE, Tag.OUTAGE, Tag.ALARMS),
    nemeses=(Fault("refused", Point.FIREHOSE_DELIVERY, Action.FAIL, {"delivery_stream": "wavetank-click"}),),
    during=(Stall(DELIVERY), *(Advance(hours=5 * MINUTE), Stall(DELIVERY)) * 9),
    stalls=True,
    alarms=("wavetank-click-delivery-failed", "wavetank-click-delivery-behind"),
)
