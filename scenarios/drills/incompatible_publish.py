"""A raw version is published past all checks whose event time is a text."""

from wavetank.scenarios.spec import ALL_LANDED, Drill, IncompatiblePublished, Look, Scheduled, Settle, Tag, Tick

DRILL = Drill(
    name="incompatible-publish",
    hypothesis="A version that nobody writes with costs nothing, however wrong it is.",
    tags=(Tag.SCHEMAS,),
    nemeses=(IncompatiblePublished(),),
    during=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("while it was published", (ALL_LANDED,)),
    ),
)
