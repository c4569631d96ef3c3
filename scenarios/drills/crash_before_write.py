"""Functions die in the midst of their work, before a call took effect: processor, partitioner, concatenator."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Tag, functions_die, look_when_merged

DRILL = Drill(
    name="crash-before-write",
    hypothesis="A function that dies before a write has promised nothing: its work comes again and is done.",
    tags=(Tag.FUNCTIONS,),
    nemeses=functions_die(Action.CRASH_BEFORE),
    during=look_when_merged("when it was done again", ALL_LANDED),
    waits=True,
)
