"""Functions die in the midst of their work, before a call took effect: processor, partitioner, concatenator."""

from wavetank.scenarios.spec import DONE_AGAIN, Action, Drill, Tag, functions_die

DRILL = Drill(
    name="crash-before-write",
    hypothesis="A function that dies before a write has promised nothing: its work comes again and is done.",
    tags=(Tag.FUNCTIONS,),
    nemeses=functions_die(Action.CRASH_BEFORE),
    during=DONE_AGAIN,
    waits=True,
)
