"""Functions die in the midst of their work, when a call took effect: processor, partitioner, concatenator."""

from wavetank.scenarios.spec import DONE_AGAIN, Action, Drill, Tag, functions_die

DRILL = Drill(
    name="crash-after-write",
    hypothesis="A function that dies after a call makes it again, and what is at rest stays as it was.",
    tags=(Tag.FUNCTIONS, Tag.DUPLICATES),
    nemeses=functions_die(Action.CRASH_AFTER),
    during=DONE_AGAIN,
    waits=True,
)
