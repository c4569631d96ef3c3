"""Half of a producer's instances write with a new version of its schema, the others with the old."""

from wavetank.scenarios.spec import ALL_LANDED, Drill, ProducerAhead, Tag, look_when_merged

DRILL = Drill(
    name="mixed-versions",
    hypothesis="Events of two versions in one batch land together, each read as it was written.",
    tags=(Tag.SCHEMAS,),
    nemeses=(ProducerAhead(published=True, share=0.5),),
    during=look_when_merged("with both versions", ALL_LANDED),
)
