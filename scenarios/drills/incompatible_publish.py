"""A raw version is published past all checks whose event time is a text."""

from wavetank.scenarios.spec import ALL_LANDED, Drill, IncompatiblePublished, Tag, look_when_merged

DRILL = Drill(
    name="incompatible-publish",
    hypothesis="A version that nobody writes with costs nothing, however wrong it is.",
    tags=(Tag.SCHEMAS,),
    nemeses=(IncompatiblePublished(),),
    during=look_when_merged("while it was published", ALL_LANDED),
)
