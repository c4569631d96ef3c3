"""All events have one value of the field that an event type is put by, and each batch comes several times."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Point, Tag, Workload, look_when_merged

DRILL = Drill(
    name="hot-key",
    hypothesis="Events of one key keep their order on the way, however many there are and however often they come.",
    tags=(Tag.STREAMS, Tag.DUPLICATES, Tag.COMPONENTS),
    victim="conversion",
    nemeses=(Fault("batch-again", Point.ESM_BATCH, Action.DUPLICATE, {"stream": "*-raw"}, parameters={"copies": 1}),),
    during=look_when_merged("by one key", ALL_LANDED),
    workload=Workload(events=1_000, hot_key=True, component="own-settings"),
)
