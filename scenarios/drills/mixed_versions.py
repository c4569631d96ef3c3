"""Half of a producer's instances write with a new version of its schema, the others with the old."""

from wavetank.scenarios.spec import ALL_LANDED, Drill, Look, ProducerAhead, Scheduled, Settle, Tag, Tick

DRILL = Drill(
    name="mixed-versions",
    hypothesis="Events of two versions in one batch land together, each read as it was written.",
    tags=(Tag.SCHEMAS,),
    nemeses=(ProducerAhead(published=True, share=0.5),),
    during=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("with both versions", (ALL_LANDED,)),
    ),
)
