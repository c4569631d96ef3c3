"""Events lie within a microsecond of full hours and of midnight, and corrections move some of them across."""

from datetime import timedelta

from wavetank.scenarios.spec import (
    ALL_LANDED,
    Action,
    Drill,
    Fault,
    Point,
    ProducerRevises,
    Tag,
    When,
    Workload,
    look_when_merged,
)

DRILL = Drill(
    name="hour-and-day-boundary",
    hypothesis="The microsecond decides in which hour an event lands; moved into the next one, it stays one event.",
    tags=(Tag.SCHEDULE, Tag.DUPLICATES),
    nemeses=(
        ProducerRevises(share=0.5, later=timedelta(microseconds=1)),
        Fault("chunk-twice", Point.FIREHOSE_DELIVERY, Action.DUPLICATE, when=When(every=2)),
    ),
    during=look_when_merged("at the boundaries", ALL_LANDED),
    workload=Workload(events=120, hours=3, edges=True, shapes=("times", "calendar")),
)
