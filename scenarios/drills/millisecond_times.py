"""A producer writes times in milliseconds."""

from wavetank.scenarios.spec import ALL_LANDED, Drill, ProducerInMillis, Tag, Workload, look_when_merged

DRILL = Drill(
    name="millisecond-times",
    hypothesis="A time in milliseconds and the same one in microseconds are the same bytes at rest.",
    tags=(Tag.SCHEMAS,),
    nemeses=(ProducerInMillis(),),
    during=look_when_merged("with times of both units", ALL_LANDED),
    workload=Workload(events=40, conversions=False, shapes=("times",)),
)
