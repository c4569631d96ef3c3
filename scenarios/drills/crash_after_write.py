"""Functions die in the midst of their work, when a call took effect: processor, partitioner, concatenator."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Tag, functions_die, look_when_merged

DRILL = Drill(
    name="crash-after-write",
    hypothesis="A function that dies after a call makes it again, and what is at rest stays as it was.",
    tags=(Tag.FUNCTIONS, Tag.DUPLICATES),
    nemeses=functions_die(Action.CRASH_AFTER),
    during=look_when_merged("when it was done again", ALL_LANDED),
    waits=True,
)
