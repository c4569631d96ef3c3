"""A producer goes to a new version of its schema and back again, portion by portion."""

from wavetank.scenarios.spec import ALL_LANDED, EVERY_TYPE, Drill, ProducerAhead, Tag, look_when_merged

DRILL = Drill(
    name="rolled-back-producer",
    hypothesis="Events of several versions of a schema land together, and going back to the older one costs nothing.",
    tags=(Tag.BASICS, Tag.SCHEMAS),
    workload=EVERY_TYPE,
    nemeses=(ProducerAhead(published=True, portions=2),),
    during=look_when_merged("with both versions", ALL_LANDED),
)
